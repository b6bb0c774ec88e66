import { command, exactly } from '../../ui/command.ts'

export const downloadDefinition = command({
  usage: 'download CERT KEY CA URL',
  about: 'Write the object of an s3:// URL to stdout; Helm calls this',
  arity: exactly(4),
  flags: {},
  examples: [['download "" "" "" s3://acme-charts/stable/index.yaml', 'the merged index']],
  isHidden: true,
  run: async (context, args) => {
    const { download } = await import('./download.ts')
    await download(context, args[3] ?? '')
  },
})
