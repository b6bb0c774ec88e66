import { updateIndexCache } from '../../lib/disk/index-cache.ts'
import { delta, entry } from '../support/builders.ts'

// A process that applies one change after another to the local copy of the repository `stable`: FOLDER CHART TIMES.
const [, , folder = '', chart = '', times] = process.argv
for (let i = 0; i < Number(times); i++) {
  const change = delta(1, { add: [entry(chart, `1.0.${String(i)}`)] })
  await updateIndexCache(folder, { name: 'stable', url: 's3://acme/charts' }, change)
}
