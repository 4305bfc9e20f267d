package payload

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding"
	"encoding/binary"
	"encoding/json"
	"hash"

	"coreos-lab/update-engine/omaha"
)

// Decoder takes a payload as it arrives, in pieces of any size, and passes the data on. Nothing of it may be believed before Verify.
type Decoder struct {
	header    Header
	start     []byte // what precedes the data; complete when header is read
	position  int64  // bytes of the payload taken so far
	sum       hash.Hash
	signed    []byte // the sum of what is signed
	signature []byte
	data      func(offset int64, piece []byte) error
}

// Checkpoint is all that is needed to go on later with the byte at Position.
type Checkpoint struct {
	Position int64  `json:"position"`
	Start    []byte `json:"start"`
	Sum      []byte `json:"sum"`
}

// NewDecoder begins a payload. Data is called with each piece of the slot's contents.
func NewDecoder(data func(offset int64, piece []byte) error) *Decoder {
	return &Decoder{sum: sha256.New(), data: data}
}

// Resume goes on at a checkpoint.
func Resume(point Checkpoint, data func(offset int64, piece []byte) error) (*Decoder, error) {
	d := NewDecoder(data)
	if err := d.readStart(point.Start); err != nil {
		return nil, err
	}
	if err := d.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(point.Sum); err != nil {
		return nil, err
	}
	d.position = point.Position
	return d, nil
}

// Header is what the payload says of itself; empty until that has arrived.
func (d *Decoder) Header() Header { return d.header }

// Position is how many bytes have arrived.
func (d *Decoder) Position() int64 { return d.position }

// Checkpoint is possible while data arrives.
func (d *Decoder) Checkpoint() (Checkpoint, bool) {
	if d.header.Size == 0 || d.position > d.end() {
		return Checkpoint{}, false
	}
	state, err := d.sum.(encoding.BinaryMarshaler).MarshalBinary()
	return Checkpoint{d.position, d.start, state}, err == nil
}

func (d *Decoder) end() int64 { return int64(len(d.start)) + d.header.Size }

// Write takes the next piece.
func (d *Decoder) Write(piece []byte) (int, error) {
	length := len(piece)
	if d.header.Size == 0 {
		used, err := d.takeStart(piece)
		if err != nil {
			return 0, err
		}
		piece = piece[used:]
	}
	if share := least(int64(len(piece)), d.end()-d.position); d.header.Size > 0 && share > 0 {
		if err := d.data(d.position-int64(len(d.start)), piece[:share]); err != nil {
			return 0, err
		}
		d.take(piece[:share])
		piece = piece[share:]
	}
	if len(piece) > 0 {
		if d.signed == nil {
			d.signed = d.sum.Sum(nil)
		}
		d.take(piece)
		d.signature = append(d.signature, piece...)
	}
	return length, nil
}

func (d *Decoder) take(piece []byte) {
	d.sum.Write(piece)
	d.position += int64(len(piece))
}

// takeStart collects prefix and header, and says how much of the piece belongs to them.
func (d *Decoder) takeStart(piece []byte) (int, error) {
	used := 0
	for d.header.Size == 0 && used < len(piece) {
		need := prefixSize
		if len(d.start) >= prefixSize {
			if err := checkPrefix(d.start); err != nil {
				return 0, err
			}
			need += int(binary.BigEndian.Uint64(d.start[12:]))
		}
		share := int(least(int64(len(piece)-used), int64(need-len(d.start))))
		d.start = append(d.start, piece[used:used+share]...)
		d.take(piece[used : used+share])
		used += share
		if len(d.start) == need && need > prefixSize {
			if err := d.readStart(d.start); err != nil {
				return 0, err
			}
		}
	}
	// A wrong file is refused by its first bytes, however few have come.
	return used, checkMagic(d.start)
}

func checkMagic(start []byte) error {
	known := least(int64(len(start)), int64(len(magic)))
	if string(start[:known]) != magic[:known] {
		return omaha.Failed(omaha.BadMagic, "this is no update payload: it begins with %q, not %q", start[:known], magic)
	}
	return nil
}

func checkPrefix(start []byte) error {
	if err := checkMagic(start); err != nil {
		return err
	}
	if found := binary.BigEndian.Uint64(start[4:]); found != format {
		return omaha.Failed(omaha.BadMagic, "this payload has format %d and is not for the Lab OS, whose payloads have %d", found, format)
	}
	if length := binary.BigEndian.Uint64(start[12:]); length == 0 || length > headerMax {
		return omaha.Failed(omaha.BadManifest, "the payload's header would be %d bytes long", length)
	}
	return nil
}

func (d *Decoder) readStart(start []byte) error {
	if len(start) <= prefixSize {
		return omaha.Failed(omaha.BadManifest, "the payload's header is missing")
	}
	if err := checkPrefix(start); err != nil {
		return err
	}
	var header Header
	if err := json.Unmarshal(start[prefixSize:], &header); err != nil || header.Size <= 0 {
		return omaha.Failed(omaha.BadManifest, "the payload's header cannot be read: %q", start[prefixSize:])
	}
	d.header, d.start = header, start
	return nil
}

// Verify compares all that has arrived with what the server promised, then with the key. Size first, then hash, then signature.
func (d *Decoder) Verify(size int64, hash []byte, key *rsa.PublicKey) error {
	if d.position != size {
		return omaha.Failed(omaha.SizeMismatch, "%d bytes arrived, and the server promised %d", d.position, size)
	}
	if found := d.sum.Sum(nil); subtle.ConstantTimeCompare(found, hash) != 1 {
		return omaha.Failed(omaha.HashMismatch, "the payload's SHA-256 is %x, and the server promised %x", found, hash)
	}
	if d.header.Size == 0 || len(d.signature) != key.Size() {
		return omaha.Failed(omaha.SignatureMismatch, "the payload has a signature of %d bytes; the key's have %d", len(d.signature), key.Size())
	}
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, d.signed, d.signature); err != nil {
		return omaha.Failed(omaha.SignatureMismatch, "the payload is not signed by this system's key")
	}
	return nil
}

func least(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}
