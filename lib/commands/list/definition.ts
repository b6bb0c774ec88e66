import { between, command } from '../../ui/command.ts'
import { OUTPUT_FLAG } from '../../ui/flags.ts'
import { listOf, objectOf, text, textOrNull, truth } from '../../ui/json-schema.ts'

const VERSION = objectOf({
  name: text('of the chart'),
  version: text('as in Chart.yaml'),
  appVersion: textOrNull('of the application that it installs'),
  created: textOrNull('creation date in the index'),
  description: textOrNull('from Chart.yaml'),
  digest: textOrNull('SHA-256 of the archive, hex'),
  deprecated: truth('whether Chart.yaml marks it as deprecated'),
})

export const listDefinition = command({
  usage: 'list REPO [NAME]',
  aliases: ['ls'],
  about: 'List the charts of a repository as they are now; needs no `helm repo update`',
  details: [
    'One line for each chart, with its newest stable version, as in `helm search repo`: a chart that has only ' +
      'pre-releases is shown with --devel. ' +
      'NAME is the exact name of one chart. Versions that were pushed but are not folded into index.yaml yet are ' +
      'included.',
    'Costs one LIST request for each 1000 deltas, one GET of index.yaml, and one GET for each pending delta. Writes ' +
      'nothing.',
  ],
  arity: between(1, 2),
  flags: {
    version: {
      kind: 'text',
      about: 'show only versions that satisfy this constraint; 1.0.0+b means exactly that build',
    },
    devel: { kind: 'switch', about: 'also show pre-releases; ignored with --version' },
    'all-versions': { kind: 'switch', about: 'show every version, not only the newest' },
    ...OUTPUT_FLAG,
  },
  examples: [
    ['list stable', 'the newest stable version of every chart'],
    ['list stable app --all-versions', 'every stable version of one chart'],
    [
      'list s3://acme-charts/stable --version="^1.2" -o json',
      'the newest 1.x from 1.2.0 on of every chart, for a program',
    ],
  ],
  result: objectOf({
    repository: text('its s3:// URL'),
    versions: listOf(VERSION, 'sorted by name, the newest version of a chart first'),
  }),
  run: async (context, [repository = '', name], { 'all-versions': all, devel, version: constraint }) => {
    const { list } = await import('./list.ts')
    await list(context, { repository, name, constraint, devel, all })
  },
})
