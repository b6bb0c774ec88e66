import { ceph } from './ceph.ts'
import { gofakes3 } from './gofakes3.ts'
import { localstack } from './localstack.ts'
import { minio } from './minio.ts'
import { moto } from './moto.ts'
import { rclone } from './rclone.ts'
import { s3mock } from './s3mock.ts'
import { s3proxy } from './s3proxy.ts'
import { s3rver } from './s3rver.ts'
import { s3sFs } from './s3s-fs.ts'
import { seaweedfs } from './seaweedfs.ts'
import type { StoreUnderTest } from './store-under-test.ts'
import { versitygw } from './versitygw.ts'

/** Every store that can be tested, in the order of the tables. */
export const STORES: readonly StoreUnderTest[] = [
  minio,
  versitygw,
  seaweedfs,
  rclone,
  moto,
  s3mock,
  ceph,
  localstack,
  s3proxy,
  gofakes3,
  s3sFs,
  s3rver,
]
