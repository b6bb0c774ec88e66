import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const ban = (regex, message) => ({ regex, message })
const layers = (...names) => ban(`^(\\.\\./)+(${names.join('|')})/`, 'Dependencies point inward: see docs/ARCHITECTURE.md.')
const SHELL = ban('^\\.\\./(main|args|help|config|context|open-context|output)\\.ts$', 'Only commands see the context.')
const WIRING = ban('^\\.\\./(main|args|config|open-context)\\.ts$', 'Commands receive a context.')
const ADAPTER = ban('store/(s3|memory)-', 'Depend on the ObjectStore port.')
const NODE = ban('^node:', 'The core is pure.')
const AWS = ban('^@(aws-sdk|smithy)/', 'Only lib/store/s3-*.ts knows the AWS SDK.')
const YAML = ban('^yaml$', 'Decode text through a module of lib/core or lib/chart.')
const YARGS = ban('^yargs', 'Only lib/cli/help.ts knows yargs.')
const ULID = ban('^ulid$', 'Only lib/core/log/delta-id.ts knows ulid.')

const imports = (files, ...patterns) => ({ files: [files], rules: { 'no-restricted-imports': ['error', { patterns }] } })
const CORE = [layers('protocol', 'store', 'helm', 'commands', 'sys', 'chart', 'embedded'), SHELL, NODE, AWS, YARGS]

/** The dangerous writes have one home each; everyone else goes through it. */
const onlyHome = (selector, message) => ({ selector, message })

export default defineConfig(
  { ignores: ['dist/', 'node_modules/', '.cache/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/require-await': 'off',
    },
  },
  // For one rule a later match replaces an earlier one: exceptions come after.
  imports('lib/core/**', ...CORE, ULID, YAML),
  imports('lib/core/**/*-text.ts', ...CORE, ULID),
  imports('lib/core/log/delta-id.ts', ...CORE, YAML),
  imports('lib/chart/**', layers('protocol', 'store', 'helm', 'commands', 'embedded'), SHELL, AWS, YARGS, ULID),
  imports('lib/store/**', layers('protocol', 'helm', 'commands', 'chart'), SHELL, AWS, YAML, YARGS, ULID),
  imports('lib/store/s3-*.ts', layers('protocol', 'helm', 'commands', 'chart'), SHELL, YAML, YARGS, ULID),
  imports('lib/embedded/**', layers('protocol', 'helm', 'commands', 'chart'), SHELL, AWS, YAML, YARGS, ULID),
  imports('lib/helm/**', layers('protocol', 'store', 'commands', 'embedded'), SHELL, AWS, YARGS, ULID),
  imports('lib/cache/**', layers('commands', 'embedded', 'chart'), SHELL, ADAPTER, YAML, AWS, YARGS, ULID),
  imports('lib/protocol/**', layers('helm', 'cache', 'commands', 'embedded'), SHELL, ADAPTER, NODE, YAML, AWS, YARGS, ULID),
  imports('lib/commands/**', layers('embedded'), ADAPTER, WIRING, YAML, AWS, YARGS, ULID),
  imports('lib/definitions/**', layers('store', 'embedded', 'helm', 'chart', 'sys'), WIRING, YAML, AWS, YARGS, ULID),
  imports('lib/sys/**', layers('core', 'protocol', 'store', 'helm', 'commands', 'chart', 'embedded'), SHELL, YAML, AWS, YARGS, ULID),
  {
    files: ['lib/**/*.ts'],
    ignores: ['lib/sys/**', 'lib/launch/**', 'lib/launch/start.ts', 'lib/settings/config.ts', 'lib/embedded/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        { name: 'process', message: 'Read the environment in config.ts; only start.ts knows the process.' },
        { name: 'setTimeout', message: 'Sleep through Clock.' },
        { name: 'console', message: 'Print through Output.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take time from Clock.' },
        { object: 'Math', property: 'random', message: 'Take randomness from Random.' },
      ],
      'no-restricted-syntax': [
        'error',
        onlyHome("NewExpression[callee.name='Date'][arguments.length=0]", 'Take time from Clock.'),
        onlyHome('ExportDefaultDeclaration', 'Named exports only.'),
      ],
    },
  },
  {
    // One home for each dangerous write: index.yaml, index.d/, its config.json, archives, and each kind of deletion.
    files: ['lib/protocol/**/*.ts', 'lib/commands/**/*.ts'],
    ignores: [
      'lib/protocol/write/write-index.ts',
      'lib/protocol/write/append-delta.ts',
      'lib/protocol/write/write-archive.ts',
      'lib/protocol/write/delete-archive.ts',
      'lib/protocol/write/collect.ts',
      'lib/protocol/write/write-config.ts',
      'lib/protocol/write/rebuild-mark.ts',
      'lib/protocol/write/keep-broken.ts',
      'lib/protocol/write/probe-objects.ts',
      'lib/protocol/write/probe-permissions.ts',
      'lib/store/store-clock.ts',
      'lib/protocol/write/failing-writes.ts',
    ],
    rules: {
      'no-restricted-syntax': [
        'error',
        onlyHome("NewExpression[callee.name='Date'][arguments.length=0]", 'Take time from Clock.'),
        onlyHome('ExportDefaultDeclaration', 'Named exports only.'),
        onlyHome(
          "CallExpression[callee.property.name=/^(put|delete)$/][callee.object.property.name='store'], CallExpression[callee.property.name=/^(put|delete)$/][callee.object.name='store']",
          'Writes and deletions of objects have one home each: write-index, append-delta, write-archive, delete-archive, collect, write-config, rebuild-mark, keep-broken, probe-objects.',
        ),
      ],
    },
  },
  { files: ['test/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'], rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-floating-promises': 'error' } },
)
