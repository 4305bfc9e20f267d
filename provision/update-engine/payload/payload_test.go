package payload

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	mathrand "math/rand"
	"testing"
)

// In pieces of any size, with breaks anywhere, the data comes out as it went in.
func TestPiecesAndBreaks(t *testing.T) {
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	data := make([]byte, 100000)
	mathrand.Read(data)
	var file bytes.Buffer
	if err := Write(&file, "1.1.0", bytes.NewReader(data), key); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	hash := sha256.Sum256(whole)
	for round := 0; round < 200; round++ {
		random := mathrand.New(mathrand.NewSource(int64(round)))
		out := make([]byte, len(data))
		put := func(offset int64, piece []byte) error { copy(out[offset:], piece); return nil }
		decoder := NewDecoder(put)
		for at := 0; at < len(whole); {
			share := 1 + random.Intn(1+random.Intn(20000))
			if share > len(whole)-at {
				share = len(whole) - at
			}
			if _, err := decoder.Write(whole[at : at+share]); err != nil {
				t.Fatal(err)
			}
			at += share
			if point, possible := decoder.Checkpoint(); possible && random.Intn(3) == 0 {
				var err error
				if decoder, err = Resume(point, put); err != nil {
					t.Fatal(err)
				}
				if decoder.Position() != int64(at) {
					t.Fatalf("round %d: %d instead of %d", round, decoder.Position(), at)
				}
			}
		}
		if err := decoder.Verify(int64(len(whole)), hash[:], &key.PublicKey); err != nil || !bytes.Equal(out, data) {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

// Every single byte is covered: no change of any of them goes unnoticed by the signature.
func TestEveryByteIsSigned(t *testing.T) {
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	var file bytes.Buffer
	if err := Write(&file, "1.1.0", bytes.NewReader(make([]byte, 500)), key); err != nil {
		t.Fatal(err)
	}
	for i := range file.Bytes() {
		changed := append([]byte{}, file.Bytes()...)
		changed[i] ^= 1
		hash := sha256.Sum256(changed)
		decoder := NewDecoder(func(int64, []byte) error { return nil })
		_, err := decoder.Write(changed)
		if err == nil {
			err = decoder.Verify(int64(len(changed)), hash[:], &key.PublicKey)
		}
		if err == nil {
			t.Errorf("byte %d may be changed", i)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	var file bytes.Buffer
	_ = Write(&file, "1.1.0", bytes.NewReader([]byte("data")), key)
	f.Add(file.Bytes(), 7)
	f.Fuzz(func(t *testing.T, input []byte, piece int) {
		decoder := NewDecoder(func(offset int64, data []byte) error {
			if offset < 0 || len(data) == 0 {
				t.Error("no place for data")
			}
			return nil
		})
		if piece <= 0 {
			piece = 1
		}
		for at := 0; at < len(input); at += piece {
			end := at + piece
			if end > len(input) || end < at {
				end = len(input)
			}
			if _, err := decoder.Write(input[at:end]); err != nil {
				return
			}
		}
		hash := sha256.Sum256(input)
		if decoder.Verify(int64(len(input)), hash[:], &key.PublicKey) == nil && !bytes.Equal(input, file.Bytes()) {
			t.Error("a payload that nobody signed is taken")
		}
	})
}
