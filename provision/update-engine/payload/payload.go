// Package payload is the file that an update comes as:
//
//	4 bytes   CrAU, as in Flatcar's payloads
//	8 bytes   format, big endian. Flatcar's have 1; the Lab OS's have 1000, so that neither engine takes the other's for its own
//	8 bytes   length of the header, big endian
//	header    JSON: version, size and SHA-256 of the data
//	data      what the slot is to hold, byte for byte
//	signature RSA (PKCS #1 v1.5) over the SHA-256 of all that comes before it, as long as the key
//
// The last part can be verified by hand: openssl dgst -sha256 -verify KEY.pub.pem -signature SIGNATURE REST.
package payload

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
)

const (
	magic      = "CrAU"
	format     = 1000
	prefixSize = 20
	headerMax  = 64 * 1024
)

// Header says what the data is.
type Header struct {
	Version string `json:"version"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256"`
}

// Write makes a payload of what data holds from its beginning to its end.
func Write(out io.Writer, version string, data io.ReadSeeker, key *rsa.PrivateKey) error {
	sum := sha256.New()
	size, err := io.Copy(sum, data)
	if err != nil {
		return err
	}
	if _, err := data.Seek(0, io.SeekStart); err != nil {
		return err
	}
	header, err := json.Marshal(Header{version, size, hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return err
	}
	prefix := bytes.NewBufferString(magic)
	for _, number := range []uint64{format, uint64(len(header))} {
		_ = binary.Write(prefix, binary.BigEndian, number)
	}
	signed := sha256.New()
	both := io.MultiWriter(out, signed)
	for _, part := range []io.Reader{prefix, bytes.NewReader(header), data} {
		if _, err := io.Copy(both, part); err != nil {
			return err
		}
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, signed.Sum(nil))
	if err != nil {
		return err
	}
	_, err = out.Write(signature)
	return err
}

// PublicKey reads a key as openssl writes it.
func PublicKey(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no key in PEM")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	public, isRSA := key.(*rsa.PublicKey)
	if !isRSA {
		return nil, fmt.Errorf("the key is not RSA")
	}
	return public, nil
}

// PrivateKey reads a key as openssl writes it.
func PrivateKey(text []byte) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no key in PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	private, isRSA := key.(*rsa.PrivateKey)
	if !isRSA {
		return nil, fmt.Errorf("the key is not RSA")
	}
	return private, nil
}
