import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installOnce, need, startInstalled, step, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '1.2.0'

const MAIN = `package main

import (
	"net/http"
	"os"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func main() {
	panic(http.ListenAndServe(os.Args[1], gofakes3.New(s3mem.New()).Server()))
}
`

export const gofakes3: StoreUnderTest = {
  name: 'gofakes3',
  title: 'gofakes3, memory',
  version: VERSION,
  isQuick: false,
  keepsObjects: false,
  install: () =>
    installOnce('gofakes3', VERSION, async (folder) => {
      need('go', 'https://go.dev/doc/install')
      await writeFile(join(folder, 'main.go'), MAIN)
      const env = { GOFLAGS: '-mod=mod', CGO_ENABLED: '0' }
      await step(folder, 'go', ['mod', 'init', 'gofakes3-server'], { env })
      await step(folder, 'go', ['get', `github.com/johannesboyne/gofakes3@v${VERSION}`], { env })
      await step(folder, 'go', ['mod', 'tidy'], { env })
      await step(folder, 'go', ['build', '-o', 'gofakes3-server', '.'], { env })
    }),
  start: () =>
    startInstalled('gofakes3', ({ port }) => ({
      program: join(storeFolder('gofakes3'), 'gofakes3-server'),
      args: [`127.0.0.1:${String(port)}`],
    })),
  contract: {
    limits: { ignoresConditionOnDelete: true, takesLateRequests: true },
    fails: [
      'composing an object creates no object when the object to replace is missing',
      'composing an object does not copy a part from a source that has another ETag',
      'composing an object does not replace an object when the condition does not hold: absence',
      'composing an object does not replace an object when the condition does not hold: another ETag',
      'composing an object lets exactly one of several concurrent replacements of an object succeed',
      'composing an object refuses to complete an upload with parts that are too small or were never sent',
      'composing an object replaces an object atomically by ranges of the object and new bytes',
      'reading a range of an object returns no bytes when the object has another ETag or is missing',
      'requests with a time limit refuses bytes that do not match their checksum',
      'writing refuses bytes that do not match their checksum',
    ],
  },
}
