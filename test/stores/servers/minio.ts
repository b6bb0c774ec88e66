import { startStore } from '../../e2e/support/servers.ts'
import { installEndToEndParts } from './end-to-end-parts.ts'
import type { StoreUnderTest } from './store-under-test.ts'

export const minio: StoreUnderTest = {
  name: 'minio',
  title: 'MinIO',
  version: '2026-02-12 (7aac2a2c5b7c)',
  isQuick: true,
  keepsObjects: true,
  install: installEndToEndParts,
  start: () => startStore('minio'),
  contract: { limits: { ignoresConditionOnDelete: true } },
}
