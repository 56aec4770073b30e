// Audits a log from its files with Go's own note and tlog, which share no line with Accord.
//
//	audit DIR VERIFIER-KEY
//
// DIR holds `checkpoint` and `tile/…` as C2SP tlog-tiles names them. Prints "holds", or the first thing that does not.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func fail(format string, of ...interface{}) { fmt.Printf(format+"\n", of...); os.Exit(1) }

// grown gives the hashes that tlog stores for a tree of these leaves.
func grown(leaves []tlog.Hash) (stored tlog.HashReaderFunc, root tlog.Hash) {
	var kept []tlog.Hash
	stored = func(at []int64) (found []tlog.Hash, err error) {
		for _, i := range at {
			found = append(found, kept[i])
		}
		return found, nil
	}
	for n, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(n), leaf, stored)
		if err != nil {
			fail("leaf %d: %v", n, err)
		}
		kept = append(kept, more...)
	}
	root, err := tlog.TreeHash(int64(len(leaves)), stored)
	if err != nil {
		fail("root: %v", err)
	}
	return stored, root
}

// tiles gives every tile of a log, level by level; the last of a level may be partial.
func tiles(size int64) (found []tlog.Tile) {
	for level := 0; size > 0; level, size = level+1, size>>8 {
		for n := int64(0); n < size; n += 256 {
			width := 256
			if size-n < 256 {
				width = int(size - n)
			}
			found = append(found, tlog.Tile{H: 8, L: level, N: n / 256, W: width})
		}
	}
	return found
}

func main() {
	dir := os.Args[1]
	read := func(name string) []byte {
		content, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			fail("%s: missing", name)
		}
		return content
	}
	verifier, err := note.NewVerifier(os.Args[2])
	if err != nil {
		fail("verifier key: %v", err)
	}
	opened, err := note.Open(read("checkpoint"), note.VerifierList(verifier))
	if err != nil {
		fail("checkpoint: %v", err)
	}
	lines := strings.Split(opened.Text, "\n")
	size, _ := strconv.ParseInt(lines[1], 10, 64)
	root, _ := base64.StdEncoding.DecodeString(lines[2])

	var entries, leaves []tlog.Hash
	var where []string // of each entry: its bundle and bytes
	for _, tile := range tiles(size) {
		if tile.L != 0 {
			break
		}
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		hashes := read(name)
		bundle := strings.Replace(name, "tile/0/", "tile/entries/", 1)
		rest, at := read(bundle), 0
		if len(hashes) != tile.W*tlog.HashSize {
			fail("%s: %d bytes", name, len(hashes))
		}
		for i := 0; i < tile.W; i++ {
			if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
				fail("%s: ends within entry %d, which begins at byte %d", bundle, i, at)
			}
			end := 2 + int(binary.BigEndian.Uint16(rest))
			entries = append(entries, tlog.RecordHash(rest[2:end]))
			where = append(where, fmt.Sprintf("%s: bytes %d to %d", bundle, at+2, at+end-1))
			rest, at = rest[end:], at+end
			var leaf tlog.Hash
			copy(leaf[:], hashes[i*tlog.HashSize:])
			leaves = append(leaves, leaf)
		}
		if len(rest) != 0 {
			fail("%s: %d bytes too many", bundle, len(rest))
		}
	}
	stored, fromEntries := grown(entries)
	if !bytes.Equal(fromEntries[:], root) {
		if _, fromTiles := grown(leaves); !bytes.Equal(fromTiles[:], root) {
			fail("neither entries nor tiles make the root of the checkpoint")
		}
		for n := range leaves { // The tiles make the root, so an entry was altered.
			if entries[n] != leaves[n] {
				fail("%s: not the entry that was signed", where[n])
			}
		}
	}
	for _, tile := range tiles(size) {
		name := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		signed, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			fail("%s: %v", name, err)
		}
		shown := read(name)
		if len(shown) != len(signed) {
			fail("%s: %d bytes, expected %d", name, len(shown), len(signed))
		}
		for at := range signed {
			if shown[at] != signed[at] {
				fail("%s: byte %d", name, at)
			}
		}
	}
	fmt.Printf("holds: %s, %d entries\n", lines[0], size)
}
