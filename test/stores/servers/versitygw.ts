import { startStore } from '../../e2e/support/servers.ts'
import { installEndToEndParts } from './end-to-end-parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

export const versitygw: StoreUnderTest = {
  name: 'versitygw',
  title: 'versitygw, posix',
  version: '1.8.0',
  isQuick: true,
  keepsObjects: true,
  install: installEndToEndParts,
  start: () => startStore('versitygw'),
  // It looks first and deletes then: in 3 of 30 rounds a DELETE and a PUT of the same ETag both succeeded.
  rare: ['remove-race'],
}
