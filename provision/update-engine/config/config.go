// Package config reads what the update engine is told (update.conf) and what it runs on (the release, the machine's identity).
// Files are read anew for each check, as Flatcar's engine does: a change needs no restart.
package config

import (
	"log"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// ProductionServer is where Flatcar's engine asks when it is told nothing else.
const ProductionServer = "https://public.update.flatcar-linux.net/v1/update/"

const flatcarAppID = "{e96281a6-d1af-4bde-9a0a-97b76e56dc57}"

// The first file that has a key decides: what the machine was told, what the image brings, what the image is.
var files = []string{"/etc/flatcar/update.conf", "/usr/share/flatcar/update.conf", "/usr/share/flatcar/release"}
var oemFiles = []string{"/etc/oem-release", "/usr/share/oem/oem-release"}

// Config is one reading.
type Config struct {
	Server, Group, AppID, Version, Board string
	MachineID, BootID, MachineType       string
	MachineAlias, OEM, OEMVersion        string
	DownloadUser, DownloadPassword       string
	// The waits of Flatcar's engine; a lab may shorten them. Zero: the default.
	FirstCheck, CheckInterval, MarkGoodAfter time.Duration
}

// Read reads all of it below root, which is empty on a machine.
func Read(root string) Config {
	value := func(key, otherwise string) string { return search(root, files, key, otherwise) }
	return Config{
		Server:           value("SERVER", ProductionServer),
		Group:            value("GROUP", "stable"),
		AppID:            value("FLATCAR_RELEASE_APPID", flatcarAppID),
		Version:          value("FLATCAR_RELEASE_VERSION", ""),
		Board:            value("FLATCAR_RELEASE_BOARD", ""),
		MachineAlias:     value("MACHINE_ALIAS", ""),
		DownloadUser:     value("DOWNLOAD_USER", ""),
		DownloadPassword: value("DOWNLOAD_PASSWORD", ""),
		OEM:              search(root, oemFiles, "ID", ""),
		OEMVersion:       search(root, oemFiles, "VERSION_ID", ""),
		MachineID:        line(root, "/etc/machine-id"),
		BootID:           "{" + line(root, "/proc/sys/kernel/random/boot_id") + "}",
		MachineType:      machineType(),
		FirstCheck:       wait(value, "LAB_FIRST_CHECK"),
		CheckInterval:    wait(value, "LAB_CHECK_INTERVAL"),
		MarkGoodAfter:    wait(value, "LAB_MARK_GOOD_AFTER"),
	}
}

func search(root string, files []string, key, otherwise string) string {
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue
		}
		if value, found := parse(string(text))[key]; found {
			return value
		}
	}
	return otherwise
}

// parse reads KEY=VALUE lines; quotes around a value are optional, the last of equal keys counts.
func parse(text string) map[string]string {
	values := map[string]string{}
	for _, line := range strings.Split(text, "\n") {
		key, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if !found || strings.HasPrefix(key, "#") {
			continue
		}
		values[strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"'`)
	}
	return values
}

func line(root, name string) string {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func wait(value func(key, otherwise string) string, key string) time.Duration {
	text := value(key, "")
	if text == "" {
		return 0
	}
	duration, err := time.ParseDuration(text)
	if err != nil || duration <= 0 {
		log.Printf("update.conf: %s=%s is no time such as 90s or 5m; Flatcar's default is used.", key, text)
		return 0
	}
	return duration
}

func machineType() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return "aarch64"
}
