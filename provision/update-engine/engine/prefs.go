package engine

import (
	"os"
	"path/filepath"
)

// prefs is a folder of small files, each whole at any moment: a new one replaces the old one in one step.
type prefs struct{ folder string }

const (
	previousVersion = "previous-version" // the one that an update replaced; absent: never updated; empty: the server knows
	alephVersion    = "aleph-version"    // the one that the machine was installed with
	updateState     = "update-state"     // how far a download is
)

func (p prefs) get(name string) (string, bool) {
	text, err := os.ReadFile(filepath.Join(p.folder, name))
	return string(text), err == nil
}

func (p prefs) set(name, value string) error {
	if err := os.MkdirAll(p.folder, 0o755); err != nil {
		return err
	}
	fresh := filepath.Join(p.folder, name+".new")
	file, err := os.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	if err := os.Rename(fresh, filepath.Join(p.folder, name)); err != nil {
		return err
	}
	return syncFolder(p.folder)
}

func (p prefs) remove(name string) { _ = os.Remove(filepath.Join(p.folder, name)) }

func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	defer folder.Close()
	return folder.Sync()
}
