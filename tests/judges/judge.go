// Judges the public log in a folder by golang.org/x/mod/sumdb, the code that checks Go's modules: `judge FOLDER`.
//
// Reads the folder anew for each line of standard input, and answers each with one line, as judge.py does.
package main

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

// folder is also the tlog.TileReader.
type folder string

func (f folder) Height() int { return tileHeight }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// Go's path names the height, c2sp.org/tlog-tiles does not.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// cosigner is the note.Verifier of a witness (c2sp.org/tlog-cosignature), which the package note does not have.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func newCosigner(line string) (*cosigner, error) {
	parts := strings.SplitN(strings.TrimSpace(line), "+", 3)
	if len(parts) < 3 {
		return nil, errors.New("no verifier key")
	}
	hash, err := strconv.ParseUint(parts[1], 16, 32)
	if err != nil {
		return nil, err
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != 4 {
		return nil, errors.New("no key for cosignatures")
	}
	return &cosigner{parts[0], uint32(hash), key[1:]}, nil
}

func (c *cosigner) Name() string { return c.name }

func (c *cosigner) KeyHash() uint32 { return c.hash }

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(signature))
	return ed25519.Verify(c.key, append([]byte(head), text...), signature[8:])
}

// verifiers reads the log's key, and the witness's if there is one.
func (f folder) verifiers() (keys []note.Verifier, err error) {
	line, err := os.ReadFile(filepath.Join(string(f), "key"))
	if err != nil {
		return nil, err
	}
	key, err := note.NewVerifier(strings.TrimSpace(string(line)))
	if err != nil {
		return nil, err
	}
	line, err = os.ReadFile(filepath.Join(string(f), "witness"))
	if os.IsNotExist(err) {
		return []note.Verifier{key}, nil
	}
	witness, err := newCosigner(string(line))
	return []note.Verifier{key, witness}, err
}

// checkpoint opens a note that all of the keys must have signed, and reads its tree.
func checkpoint(data []byte, keys []note.Verifier) (tree tlog.Tree, err error) {
	opened, err := note.Open(data, note.VerifierList(keys...))
	if err != nil {
		return tree, err
	}
	if len(opened.Sigs) != len(keys) {
		return tree, errors.New("a signature is missing")
	}
	for _, signature := range opened.Sigs {
		// note.Open also takes a spelling that is not canonical.
		if _, err := base64.StdEncoding.Strict().DecodeString(signature.Base64); err != nil {
			return tree, err
		}
	}
	// tlog.ParseTree knows the origin of Go's own log only.
	_, rest, _ := strings.Cut(opened.Text, "\n")
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

// entries reads the bundles of a log of this size.
func (f folder) entries(size int64) (all [][]byte, err error) {
	for n := int64(0); int64(len(all)) < size; n++ {
		width := size - n<<tileHeight
		if width > 1<<tileHeight {
			width = 1 << tileHeight
		}
		tile := tlog.Tile{H: tileHeight, L: -1, N: n, W: int(width)}
		path := strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(string(f), path))
		if err != nil {
			return nil, err
		}
		for ; width > 0; width-- {
			if len(data) < 2 || len(data)-2 < int(binary.BigEndian.Uint16(data)) {
				return nil, errors.New("the bundle is too short")
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:end])
			data = data[end:]
		}
		if len(data) > 0 {
			return nil, errors.New("the bundle is too long")
		}
	}
	return all, nil
}

// proof reads the hashes of a c2sp.org/tlog-proof that leads to the newest checkpoint.
func proof(data []byte, index int64, newest []byte) (hashes tlog.RecordProof, err error) {
	head, signed, _ := bytes.Cut(data, []byte("\n\n"))
	if !bytes.Equal(signed, newest) {
		return nil, errors.New("another checkpoint")
	}
	lines := strings.Split(string(head), "\n")
	if len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != fmt.Sprint("index ", index) {
		return nil, errors.New("not the proof of this entry")
	}
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		// tlog.ParseHash also takes a spelling that is not canonical.
		if err != nil || hash.String() != line {
			return nil, fmt.Errorf("no hash: %q", line)
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// checkEntries proves each entry, from the tiles and by the proof that the server gave.
func (f folder) checkEntries(tree tlog.Tree, tiles tlog.HashReader, newest []byte) error {
	entries, err := f.entries(tree.N)
	if err != nil {
		return err
	}
	for i, entry := range entries {
		index, hash := int64(i), tlog.RecordHash(entry)
		own, err := tlog.ProveRecord(tree.N, index, tiles)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(string(f), "proofs", fmt.Sprint(index)))
		if err != nil {
			return err
		}
		given, err := proof(data, index, newest)
		if err != nil {
			return err
		}
		if !reflect.DeepEqual(given, own) {
			return fmt.Errorf("another proof of entry %d", index)
		}
		if err := tlog.CheckRecord(given, tree.N, tree.Hash, index, hash); err != nil {
			return err
		}
	}
	return nil
}

// checkTrees proves that of each two trees one continues the other.
func checkTrees(trees []tlog.Tree, tiles tlog.HashReader) error {
	sort.Slice(trees, func(i, j int) bool { return trees[i].N < trees[j].N })
	for i, old := range trees {
		if old.N == 0 && old.Hash == sha256.Sum256(nil) {
			// tlog.ProveTree has no proof for an empty tree, which every tree continues.
			continue
		}
		for _, new := range trees[i+1:] {
			proof, err := tlog.ProveTree(new.N, old.N, tiles)
			if err != nil {
				return err
			}
			if err := tlog.CheckTree(proof, new.N, new.Hash, old.N, old.Hash); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f folder) judge() error {
	keys, err := f.verifiers()
	if err != nil {
		return err
	}
	newest, err := os.ReadFile(filepath.Join(string(f), "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := checkpoint(newest, keys)
	if err != nil {
		return err
	}
	trees := []tlog.Tree{tree}
	files, err := filepath.Glob(filepath.Join(string(f), "seen", "*"))
	if err != nil || len(files) == 0 {
		return errors.New("no earlier checkpoint")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		seen, err := checkpoint(data, keys)
		if err != nil {
			return err
		}
		trees = append(trees, seen)
	}
	tiles := tlog.TileHashReader(tree, f)
	if err := checkTrees(trees, tiles); err != nil {
		return err
	}
	return f.checkEntries(tree, tiles, newest)
}

func main() {
	for input := bufio.NewScanner(os.Stdin); input.Scan(); {
		if err := folder(os.Args[1]).judge(); err != nil {
			fmt.Printf("refused: %q\n", err)
		} else {
			fmt.Println("accepted")
		}
	}
}
