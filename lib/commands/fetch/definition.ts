import { command, exactly } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { CHOOSING_FLAGS } from '../steps/common-definitions.ts'
import { objectOf, text, textOrNull } from '../../ui/json-schema.ts'

export const fetchDefinition = command({
  usage: 'fetch NAME REPO',
  aliases: ['pull'],
  about: 'Download a chart and check its digest; needs no `helm repo update`',
  arity: exactly(2),
  flags: {
    ...CHOOSING_FLAGS,
    destination: { kind: 'text', about: 'folder to write the chart to', short: 'd', shownDefault: '.' },
    prov: { kind: 'switch', about: 'also fetch the provenance file' },
    untar: { kind: 'switch', about: 'unpack the chart instead of keeping the archive' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['fetch app stable', 'download the newest stable version'],
    [
      'fetch app s3://acme-charts/stable --version="^1.2" -d charts',
      'download the newest 1.x from 1.2.0 on into charts/',
    ],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    name: text('of the chart'),
    version: text('that was chosen'),
    digest: text('SHA-256 of the archive, hex'),
    file: textOrNull('path of the archive; null with --untar'),
    provenance: textOrNull('path of the provenance file'),
    directory: textOrNull('path of the unpacked chart'),
  }),
  run: async (context, [name = '', repository = ''], flags) => {
    const { fetch } = await import('./fetch.ts')
    const { version, devel, destination = '.', prov, untar } = flags
    await fetch(context, { name, repository, version, devel, destination, prov, untar })
  },
})
