module coreos-lab/update-server

go 1.19
