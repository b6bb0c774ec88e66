/**
 * Who may import what. `lib/` is a house of floors (docs/ARCHITECTURE.md): an import goes down or stays on its floor,
 * never up, and there is no circle, not even of types.
 */
const FLOORS = [
  ['launch'],
  ['cli'],
  ['commands'],
  ['ui', 'disk'],
  ['protocol'],
  ['store'],
  ['settings', 'chart'],
  ['core'],
  ['yaml', 'sys'],
  ['text'],
]

const room = (names) => `^lib/(?:${names.join('|')})/`

const upward = FLOORS.slice(1).map((names, i) => ({
  name: `${names.join('-and-')}-import-downward`,
  comment: 'Imports go down: see the floors in docs/ARCHITECTURE.md.',
  severity: 'error',
  from: { path: room(names) },
  to: { path: room(FLOORS.slice(0, i + 1).flat()) },
}))

/** A package, or a part of the program, that only these files know. */
const only = (name, what, ...homes) => ({
  name,
  severity: 'error',
  from: { path: '^(?:lib|embedded)/', pathNot: homes.map((home) => `^${home}`) },
  to: { path: what },
})

const packages = (...names) => `(?:^|/)node_modules/(?:${names.join('|')})/`

const refuse = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

export default {
  forbidden: [
    ...upward,
    refuse(
      'ground-floor-imports-nothing',
      'Errors and the version are known by all.',
      { path: '^lib/[^/]+\\.ts$' },
      { path: '^lib/.+/' },
    ),
    refuse('no-circles', 'What two files need of each other belongs into a third one.', {}, { circular: true }),
    refuse(
      'embedded-store-stays-outside',
      'The embedded store is not shipped.',
      { path: '^lib/' },
      { path: '^embedded/' },
    ),
    refuse(
      'embedded-store-is-independent',
      'It is there to be another reading of S3, not ours once more.',
      { path: '^embedded/' },
      { path: '^lib/', pathNot: '^lib/(?:errors\\.ts|store/s3/(?:xml-text|uri-encode)\\.ts)$' },
    ),
    refuse(
      'the-port-not-an-adapter',
      'Depend on store/object-store.ts; launch/start.ts chooses the adapter.',
      { path: room(['commands', 'disk', 'ui', 'protocol']) },
      { path: '^lib/store/(?:s3/|memory-store)' },
    ),
    refuse(
      'the-core-is-pure',
      'No effects, nothing that waits.',
      { path: room(['core', 'yaml', 'text']) },
      { dependencyTypes: ['core'] },
    ),
    refuse(
      'the-core-asks-only-for-time',
      'Work that may take long asks whether its time is up; nothing else of the system is known here.',
      { path: room(['core', 'yaml']) },
      { path: '^lib/sys/(?!busy\\.ts)' },
    ),
    refuse(
      'the-protocol-knows-no-machine',
      'Only the store, through its port.',
      { path: room(['protocol']) },
      { dependencyTypes: ['core'] },
    ),
    refuse(
      'definitions-load-nothing',
      'Help and completion read all of them: what a command does is loaded on demand.',
      { path: '/definition\\.ts$' },
      { path: room(['disk', 'store', 'chart', 'sys']), dependencyTypesNot: ['dynamic-import'] },
    ),
    only('the-aws-sdk', packages('@aws-sdk/[^/]+', '@smithy/[^/]+'), 'lib/store/s3/'),
    only('yargs', packages('yargs', 'yargs-parser'), 'lib/cli/'),
    only('ulid', packages('ulid'), 'lib/core/log/delta-id\\.ts'),
    only(
      'yaml',
      packages('yaml'),
      'lib/yaml/',
      'lib/core/log/yaml-delta-text\\.ts',
      'lib/ui/output\\.ts',
      'lib/disk/(?:repositories|releases)\\.ts',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    moduleSystems: ['es6'],
    tsConfig: { fileName: 'tsconfig.json' },
    // Imports of types alone count, too.
    tsPreCompilationDeps: true,
  },
}
