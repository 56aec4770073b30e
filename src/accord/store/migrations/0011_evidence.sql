-- What shows without asking anybody that two signed checkpoints cannot both be true.

-- The root that the larger log has at the smaller size, and the proof that it grew from there; a base64 text a line, empty where there is none.
alter table evidence add column proof text not null default '';
