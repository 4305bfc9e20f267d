module coreos-lab/locksmith

go 1.16

require github.com/flatcar-linux/locksmith v0.7.0

replace (
	go.etcd.io/etcd => go.etcd.io/etcd v0.5.0-alpha.5.0.20200824191128-ae9734ed278b
	google.golang.org/grpc => google.golang.org/grpc v1.29.1
)
