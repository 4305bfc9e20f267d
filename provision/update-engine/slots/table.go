// Package slots knows the two places for /usr on a disk, and the attributes in the partition table by which the boot loader chooses:
// of the slots that are successful or have tries left, the one with the highest priority; a try is counted down before it is made.
package slots

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// Partition numbers, as on Flatcar.
const (
	USRA = 3
	USRB = 4
)

// Attributes of a slot.
type Attributes struct{ Priority, Tries, Successful int }

// Bootable says whether the boot loader would consider the slot.
func (a Attributes) Bootable() bool { return a.Tries > 0 || a.Successful == 1 }

func (a Attributes) String() string {
	return fmt.Sprintf("priority=%d tries=%d successful=%d", a.Priority, a.Tries, a.Successful)
}

// Disk is a disk with both slots.
type Disk struct {
	Path    string         // of the disk, whose partition table is changed
	Devices map[int]string // of the slots
	Running int            // the slot that /usr is mounted from
}

// Passive is the slot that nothing runs from.
func (d Disk) Passive() int { return USRA + USRB - d.Running }

// Read asks the partition table.
func (d Disk) Read(slot int) (Attributes, error) {
	var a Attributes
	for option, value := range map[string]*int{"-P": &a.Priority, "-T": &a.Tries, "-S": &a.Successful} {
		text, err := cgpt("show", "-i", strconv.Itoa(slot), option, d.Path)
		if err != nil {
			return a, err
		}
		if *value, err = strconv.Atoi(strings.TrimSpace(text)); err != nil {
			return a, err
		}
	}
	return a, nil
}

// Priorities that this engine gives. Slots of other priorities are put in order with the next update, or the next good boot.
const (
	first  = 2
	second = 1
)

// Retire takes a slot out of the choice, which must be done before the first of its bytes is changed.
func (d Disk) Retire(slot int) error { return d.change(slot, "-T", "0", "-S", "0") }

// TryNext makes the passive slot the first choice, for one try. The second command is the switch, in one write: before it the slot is not
// eligible, and the running one is the only choice whatever its priority.
func (d Disk) TryNext() error {
	if err := d.change(d.Running, "-P", strconv.Itoa(second)); err != nil {
		return err
	}
	return d.change(d.Passive(), "-P", strconv.Itoa(first), "-T", "1", "-S", "0")
}

// MarkGood says of the running slot that it works: it is the first choice, without counting.
func (d Disk) MarkGood() error {
	if err := d.change(d.Running, "-P", strconv.Itoa(first), "-T", "0", "-S", "1"); err != nil {
		return err
	}
	return d.change(d.Passive(), "-P", strconv.Itoa(second))
}

// change writes the attributes, to the disk and not only to memory. There are two tables, one after the other is written; where a power cut
// came between, cgpt wants to be told to make them the same again.
func (d Disk) change(slot int, options ...string) error {
	command := append(append([]string{"add", "-i", strconv.Itoa(slot)}, options...), d.Path)
	_, err := cgpt(command...)
	if err != nil {
		if _, failure := cgpt("repair", d.Path); failure == nil {
			_, err = cgpt(command...)
		}
	}
	syscall.Sync()
	return err
}

// cgpt warns, on standard error, where one of the two tables is damaged; it reads the other, and so does this.
func cgpt(arguments ...string) (string, error) {
	command := exec.Command("cgpt", arguments...)
	var output, words strings.Builder
	command.Stdout, command.Stderr = &output, &words
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("cgpt %s: %v: %s", strings.Join(arguments, " "), err, strings.TrimSpace(words.String()))
	}
	return output.String(), nil
}
