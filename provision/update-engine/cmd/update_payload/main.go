// update_payload makes and examines update payloads of the Lab OS.
//
//	update_payload key --out KEY.pem                                       a new private key, for its owner alone
//	update_payload public --key KEY.pem                                    the public half of it
//	update_payload make --version 1.1.0 --key KEY.pem --out FILE IMAGE     prints what an update server wants to know of it
//	update_payload verify --key KEY.pub.pem FILE
//	update_payload serve --version 1.1.0 --listen 127.0.0.1:8080 FILE      offers it to every machine that asks, without any policy
package main

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"os"

	"coreos-lab/update-engine/payload"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "update_payload:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if len(arguments) == 0 {
		return fmt.Errorf("usage: update_payload key|public|make|verify|serve …")
	}
	flags := flag.NewFlagSet(arguments[0], flag.ExitOnError)
	version := flags.String("version", "", "version of the system in the image")
	keyFile := flags.String("key", "", "make: the private key; verify: the public one")
	out := flags.String("out", "", "where the payload goes")
	listen := flags.String("listen", "127.0.0.1:8080", "serve: where")
	_ = flags.Parse(arguments[1:])
	switch arguments[0] {
	case "key":
		return newKey(*out)
	case "serve":
		return serve(*listen, *version, flags.Arg(0))
	}
	key, err := os.ReadFile(*keyFile)
	if err != nil {
		return err
	}
	switch {
	case arguments[0] == "public":
		return public(key)
	case flags.NArg() != 1:
		return fmt.Errorf("%s: one file is needed", arguments[0])
	case arguments[0] == "make":
		return create(flags.Arg(0), *out, *version, key)
	case arguments[0] == "verify":
		return verify(flags.Arg(0), key)
	}
	return fmt.Errorf("%s is not among key, public, make, verify, serve", arguments[0])
}

func newKey(target string) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	text, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = pem.Encode(file, &pem.Block{Type: "PRIVATE KEY", Bytes: text})
	if closing := file.Close(); err == nil {
		err = closing
	}
	return err
}

func public(keyText []byte) error {
	key, err := payload.PrivateKey(keyText)
	if err != nil {
		return err
	}
	text, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		return err
	}
	return pem.Encode(os.Stdout, &pem.Block{Type: "PUBLIC KEY", Bytes: text})
}

func create(image, target, version string, keyText []byte) error {
	if version == "" || target == "" {
		return fmt.Errorf("make: --version and --out are needed")
	}
	key, err := payload.PrivateKey(keyText)
	if err != nil {
		return err
	}
	data, err := os.Open(image)
	if err != nil {
		return err
	}
	defer data.Close()
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	// What an update server wants to know of it, in the encodings that it wants it in.
	long, short := sha256.New(), sha1.New()
	err = payload.Write(io.MultiWriter(out, long, short), version, data, key)
	if closing := out.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(target)
		return err
	}
	info, err := os.Stat(target)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"version": version, "size": info.Size(),
		"sha1":   base64.StdEncoding.EncodeToString(short.Sum(nil)),
		"sha256": base64.StdEncoding.EncodeToString(long.Sum(nil)),
	})
}

func verify(name string, keyText []byte) error {
	key, err := payload.PublicKey(keyText)
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	decoder := payload.NewDecoder(func(int64, []byte) error { return nil })
	size, err := io.Copy(io.MultiWriter(sum, decoder), file)
	if err != nil {
		return err
	}
	if err := decoder.Verify(size, sum.Sum(nil), key); err != nil {
		return err
	}
	fmt.Printf("version %s, %d bytes, signed by this key\n", decoder.Header().Version, decoder.Header().Size)
	return nil
}
