import type { Context } from '../../ui/context.ts'
import { PROGRAM_VERSION } from '../../program-version.ts'

/** `helm s3 version`. `mode`: the two lines of the Go plugin, whose Helm 2 mode does not exist here. */
export async function version({ output }: Context, options: { readonly mode: boolean }): Promise<void> {
  const lines = options.mode
    ? [`helm-s3 plugin version: ${PROGRAM_VERSION}`, 'Helm version mode: v3']
    : [PROGRAM_VERSION]
  output.result(lines, { version: PROGRAM_VERSION, mode: 'v3' })
}
