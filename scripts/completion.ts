import { stringify } from 'yaml'
import { staticCompletion } from './completion/static-completion.ts'

/**
 * Prints `completion.yaml`. The build runs this, bundled: what is installed has always been made from the command
 * table.
 */

process.stdout.write(
  `# Made by npm run build from lib/cli/command-table.ts; what plugin.complete adds is not ` +
    `here.\n${stringify(staticCompletion(), { lineWidth: 0 })}`,
)
