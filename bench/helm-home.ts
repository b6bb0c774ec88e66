import { join } from 'node:path'
import type { BenchStore } from './stores.ts'

/** A person's Helm files, in a folder that is thrown away. */
export class HelmHome {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  get repositoriesFile(): string {
    return join(this.folder, 'repositories.yaml')
  }

  get cacheFolder(): string {
    return join(this.folder, 'cache', 'repository')
  }

  /** Where Helm keeps its copy of the index of the repository `bench`. */
  get cachedIndex(): string {
    return join(this.cacheFolder, 'bench-index.yaml')
  }

  /**
   * What this program, the Go plugin and Helm need to find these files and the store; nothing of the environment of the
   * bench.
   */
  environment({ accessKeyId, secretAccessKey }: BenchStore, endpoint: string): Record<string, string | undefined> {
    return {
      PATH: process.env.PATH,
      HOME: this.folder,
      HELM_CONFIG_HOME: this.folder,
      HELM_CACHE_HOME: join(this.folder, 'cache'),
      HELM_DATA_HOME: join(this.folder, 'data'),
      HELM_REPOSITORY_CONFIG: this.repositoriesFile,
      HELM_REPOSITORY_CACHE: this.cacheFolder,
      AWS_ENDPOINT: endpoint.replace(/^http:\/\//, ''),
      ...(endpoint.startsWith('http://') ? { AWS_DISABLE_SSL: 'true' } : {}),
      AWS_REGION: process.env.AWS_REGION ?? 'us-east-1',
      AWS_DEFAULT_REGION: process.env.AWS_REGION ?? 'us-east-1',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
      // The Go plugin would ask the public internet for the region of the bucket.
      HELM_S3_DYNAMIC_REGION_ENABLED: 'false',
    }
  }
}
