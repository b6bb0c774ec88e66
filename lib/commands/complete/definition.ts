import { type Command, atLeast, command } from '../../ui/command.ts'

/** What `plugin.complete` calls. */
export const COMPLETE = '__complete'

/** `commands`: the table that this command stands in itself, asked for when it runs. */
export function defineComplete(commands: () => readonly Command[]): Command {
  return command({
    usage: `${COMPLETE} WORD...`,
    about: 'Print what may stand at the end of a command line; Helm calls this on each TAB',
    arity: atLeast(0),
    flags: {},
    examples: [[`${COMPLETE} delete app ""`, 'the repositories that Helm knows']],
    isHidden: true,
    run: async (context, words) => {
      const { complete } = await import('./complete.ts')
      await complete(context, commands(), words)
    },
  })
}
