module helm-s3/test/chaos/porcupine

go 1.22

require github.com/anishathalye/porcupine v1.3.1
