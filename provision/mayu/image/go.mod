module coreos-lab/mayu-image

go 1.16

require github.com/giantswarm/mayu v1.3.0

replace github.com/coreos/bbolt => go.etcd.io/bbolt v1.3.3
