package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

// serve is the least that an update server can be: one payload for everybody who runs another version. It is for tests of an image; the
// lab's own server is in provision/update/server.
func serve(address, version, payload string) error {
	file, err := os.Open(payload)
	if err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, file)
	file.Close()
	if err != nil {
		return err
	}
	hash := base64.StdEncoding.EncodeToString(sum.Sum(nil))
	mux := http.NewServeMux()
	mux.HandleFunc("/payload/update.gz", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, payload) })
	mux.HandleFunc("/v1/update/", func(w http.ResponseWriter, r *http.Request) {
		var request struct {
			App struct {
				ID        string `xml:"appid,attr"`
				Version   string `xml:"version,attr"`
				MachineID string `xml:"machineid,attr"`
				Event     *struct {
					Type   int    `xml:"eventtype,attr"`
					Result int    `xml:"eventresult,attr"`
					Error  string `xml:"errorcode,attr"`
				} `xml:"event"`
				UpdateCheck *struct{} `xml:"updatecheck"`
			} `xml:"app"`
		}
		if err := xml.NewDecoder(http.MaxBytesReader(w, r.Body, 64*1024)).Decode(&request); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		app := request.App
		if app.Event != nil {
			log.Printf("%s version %s event %d.%d %s", app.MachineID, app.Version, app.Event.Type, app.Event.Result, app.Event.Error)
		}
		w.Header().Set("Content-Type", "text/xml")
		fmt.Fprintf(w, `<response protocol="3.0" server="update_payload"><daystart elapsed_seconds="0"/><app appid="%s" status="ok">`, app.ID)
		switch {
		case app.UpdateCheck == nil:
		case app.Version == version:
			fmt.Fprint(w, `<updatecheck status="noupdate"/>`)
		default:
			fmt.Fprintf(w, `<updatecheck status="ok"><urls><url codebase="http://%s/payload/"/></urls><manifest version="%s"><packages><package name="update.gz" size="%d" required="true"/></packages><actions><action event="postinstall" sha256="%s" DisablePayloadBackoff="true"/></actions></manifest></updatecheck>`,
				r.Host, version, size, hash)
		}
		fmt.Fprint(w, `</app></response>`)
	})
	log.SetFlags(0)
	log.Printf("offering version %s on http://%s/v1/update/", version, address)
	return http.ListenAndServe(address, mux)
}
