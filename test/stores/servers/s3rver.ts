import { join } from 'node:path'
import { installOnce, startInstalled, step, storeFolder } from './parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const VERSION = '3.7.1'

export const s3rver: StoreUnderTest = {
  name: 's3rver',
  title: 's3rver',
  version: VERSION,
  isQuick: false,
  keepsObjects: true,
  install: () =>
    installOnce('s3rver', VERSION, (folder) =>
      step(folder, 'npm', ['install', '--prefix', folder, '--no-audit', '--no-fund', `s3rver@${VERSION}`]),
    ),
  start: () =>
    startInstalled('s3rver', ({ folder, port }) => ({
      program: process.execPath,
      args: [
        join(storeFolder('s3rver'), 'node_modules/s3rver/bin/s3rver.js'),
        ...['-a', '127.0.0.1', '-p', String(port), '-d', folder],
      ],
      keys: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    })),
  contract: {
    fails: [
      'composing an object creates no object when the object to replace is missing',
      'composing an object does not copy a part from a source that has another ETag',
      'composing an object does not list, continue or complete an aborted upload',
      'composing an object does not replace an object when the condition does not hold: absence',
      'composing an object does not replace an object when the condition does not hold: another ETag',
      'composing an object lets exactly one of several concurrent replacements of an object succeed',
      'composing an object refuses to complete an upload with parts that are too small or were never sent',
      'composing an object replaces an object atomically by ranges of the object and new bytes',
      'listing leaves out the keys of deeper folders when a delimiter is given',
      'listing returns as few keys on a page as are asked for',
      'listing returns at most 1000 keys per page',
      'listing returns every key with the prefix in order, over all pages',
      'reading a range of an object returns exactly the bytes of the range',
      'reading a range of an object returns no bytes when the object has another ETag or is missing',
      'reading reads empty objects',
      'reading returns the first bytes of an object and the size of the whole object',
      'requests with a time limit lets exactly one of several concurrent creations of an object succeed',
      'requests with a time limit obeys the conditions of a write',
      'requests with a time limit refuses bytes that do not match their checksum',
      'writing creates no object when the condition names an ETag',
      'writing does not replace an existing object when the condition is "absent"',
      'writing lets exactly one of several concurrent creations of an object succeed',
      'writing loses no update when concurrent clients increment a counter by compare-and-swap',
      'writing refuses bytes that do not match their checksum',
      'writing replaces an object only when it has the ETag of the condition',
    ],
    // Seen once, on a busy machine.
    mayFail: ['composing an object does not copy a range that ends after the source'],
    limits: { ignoresConditionOnDelete: true, hasNoVersions: true },
  },
  rare: ['bodies-read'],
}
