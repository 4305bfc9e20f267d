package slots

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"syscall"

	"coreos-lab/update-engine/omaha"
)

// Writer writes the contents of a slot that has been retired.
type Writer struct {
	file *os.File
	room int64
}

// Open opens a slot for writing.
func Open(device string) (*Writer, error) {
	file, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return nil, omaha.Failed(omaha.SlotOpenFailed, "the passive slot cannot be opened: %w", err)
	}
	room, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		file.Close()
		return nil, omaha.Failed(omaha.SlotOpenFailed, "the passive slot %s has no size: %w", device, err)
	}
	return &Writer{file, room}, nil
}

// Put writes a piece in its place.
func (w *Writer) Put(offset int64, piece []byte) error {
	if offset+int64(len(piece)) > w.room {
		return omaha.Failed(omaha.SlotTooSmall, "the slot has room for %d bytes, and the update is larger", w.room)
	}
	if _, err := w.file.WriteAt(piece, offset); err != nil {
		return omaha.Failed(omaha.SlotWriteFailed, "the passive slot cannot be written: %w", err)
	}
	return nil
}

// Sync returns when all that was put is on the disk.
func (w *Writer) Sync() error {
	if err := w.file.Sync(); err != nil {
		return omaha.Failed(omaha.SlotWriteFailed, "the passive slot cannot be written: %w", err)
	}
	return nil
}

// Check reads back what the disk has, and compares it with what it should have.
func (w *Writer) Check(size int64, hash string) error {
	if err := w.Sync(); err != nil {
		return err
	}
	// Without this the kernel would answer from its memory of what was written. (4: POSIX_FADV_DONTNEED.)
	_, _, _ = syscall.Syscall6(syscall.SYS_FADVISE64, w.file.Fd(), 0, 0, 4, 0, 0)
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(w.file, 0, size)); err != nil {
		return omaha.Failed(omaha.SlotVerifyFailed, "the passive slot cannot be read back: %w", err)
	}
	if found := fmt.Sprintf("%x", sum.Sum(nil)); found != hash {
		return omaha.Failed(omaha.SlotVerifyFailed, "the passive slot holds %s after writing, and should hold %s", found, hash)
	}
	return nil
}

// Close closes the slot.
func (w *Writer) Close() { w.file.Close() }
