import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { KEYS } from '../../e2e/support/servers.ts'
import { cargoInstall, installOnce, startInstalled, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '0.14.1'

export const s3sFs: StoreUnderTest = {
  name: 's3s-fs',
  title: 's3s-fs',
  version: VERSION,
  isQuick: false,
  keepsObjects: true,
  install: () =>
    installOnce('s3s-fs', VERSION, (folder) =>
      cargoInstall(folder, ['s3s-fs', '--version', VERSION, '--features', 'binary']),
    ),
  start: () =>
    startInstalled('s3s-fs', async ({ folder, port }) => {
      const objects = join(folder, 'objects')
      await mkdir(objects)
      return {
        program: join(storeFolder('s3s-fs'), 'bin/s3s-fs'),
        args: [
          ...['--host', '127.0.0.1', '--port', String(port)],
          ...['--access-key', KEYS.accessKeyId, '--secret-key', KEYS.secretAccessKey],
          objects,
        ],
      }
    }),
  contract: {
    // Most of them because it lists objects without their ETags, which no client can go by.
    fails: [
      'composing an object does not copy a part from a source that has another ETag',
      'composing an object does not list, continue or complete an aborted upload',
      'composing an object lets exactly one of several concurrent replacements of an object succeed',
      'composing an object replaces an object atomically by ranges of the object and new bytes',
      'deleting does not remove an object that has another ETag',
      'listing leaves out the keys of deeper folders when a delimiter is given',
      'listing returns as few keys on a page as are asked for',
      'listing returns at most 1000 keys per page',
      'listing returns every key with the prefix in order, over all pages',
      'listing returns the same ETags as a read',
      'listing starts after a given key, whether that key exists or not',
      'reading a range of an object returns no bytes when the object has another ETag or is missing',
      'reading lists and reads the versions of an object as far as the store supports versions',
      'reading returns an object only when its ETag differs from the given ETag',
      'reading the last bytes of an object reads empty objects, and returns undefined for a missing object',
      'reading the last bytes of an object returns no bytes when the object still has the given ETag: last 5001 bytes',
      'reading the last bytes of an object returns no bytes when the object still has the given ETag: last 90000 bytes',
      'requests with a time limit accepts a request whose time limit is hours away',
      'requests with a time limit deletes an object in time, and only with the ETag of the condition',
      'requests with a time limit lets exactly one of several concurrent creations of an object succeed',
      'requests with a time limit obeys the conditions of a write',
      'requests with a time limit refuses requests that arrive an hour late',
      'requests with a time limit refuses requests that arrive two seconds late',
      'requests with a time limit writes an object with its metadata when the request arrives in time',
      'writing refuses bytes that do not match their checksum',
      'writing writes, reads, lists and deletes an object with the key 100%.tgz',
      'writing writes, reads, lists and deletes an object with the key a=b&c.tgz',
      'writing writes, reads, lists and deletes an object with the key app-1.0.0+build.5.tgz',
      "writing writes, reads, lists and deletes an object with the key quote'(1)!.tgz",
      'writing writes, reads, lists and deletes an object with the key with space.tgz',
      'writing writes, reads, lists and deletes an object with the key ümlaut-é.tgz',
    ],
    mayFail: [
      'writing lets exactly one of several concurrent creations of an object succeed',
      'writing loses no update when concurrent clients increment a counter by compare-and-swap',
    ],
  },
}
