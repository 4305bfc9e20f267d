// update_server decides who gets which version and when: the lab's stand-in for Nebraska, for where Nebraska cannot be had. It speaks Omaha
// to machines and Nebraska's API to people; see README.md.
package main

import (
	"context"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8000", "address to listen on")
	home := flag.String("home", "/var/lib/update", "where its state is, and payloads below packages/")
	flag.Parse()
	log.SetFlags(0)
	if err := run(*listen, *home); err != nil {
		log.Fatalf("update_server: %v", err)
	}
}

func run(listen, home string) error {
	if err := os.MkdirAll(filepath.Join(home, "packages"), 0o755); err != nil {
		return err
	}
	s, err := Open(filepath.Join(home, "state.json"))
	if err != nil {
		return err
	}
	server := &http.Server{Addr: listen, Handler: s.handler(filepath.Join(home, "packages")), ReadHeaderTimeout: 10 * time.Second}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	log.Printf("The lab's stand-in for Nebraska answers on http://%s", listen)
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func (s *Server) handler(packages string) http.Handler {
	mux := http.NewServeMux()
	for _, path := range []string{"/v1/update", "/v1/update/"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost {
				http.Error(w, "Omaha requests are posted", http.StatusMethodNotAllowed)
				return
			}
			s.omaha(w, r)
		})
	}
	mux.HandleFunc("/api/", s.rest)
	mux.Handle("/flatcar/", http.StripPrefix("/flatcar/", http.FileServer(http.Dir(packages))))
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "OK") })
	return mux
}
