package slots

import "testing"

func TestSource(t *testing.T) {
	mounts := `22 1 0:20 / / rw - ext4 /dev/vda9 rw
23 22 254:3 / /usr ro,relatime shared:2 - squashfs /dev/vda3 ro,errors=continue
24 22 254:3 / /usr/share/x ro - tmpfs none rw
`
	if found := source(mounts, "/usr"); found != "/dev/vda3" {
		t.Error(found)
	}
	if found := source(mounts+"25 22 7:0 / /usr ro - squashfs /dev/loop0 ro\n", "/usr"); found != "/dev/loop0" {
		t.Error("the last mount is the one that is seen:", found)
	}
	if found := source("nonsense\n", "/usr"); found != "" {
		t.Error(found)
	}
}
