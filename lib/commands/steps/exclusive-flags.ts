import { HelmS3Error } from '../../errors.ts'

const MESSAGE = 'The --force and --ignore-if-exists flags are mutually exclusive and cannot be specified together.\n'

/** @throws HelmS3Error `usage` */
export function refuseBoth(options: { readonly force: boolean; readonly ignoreIfExists: boolean }): void {
  if (options.force && options.ignoreIfExists) throw new HelmS3Error('usage', MESSAGE, { bare: true })
}
