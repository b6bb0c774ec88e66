import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

// Who may import what is held by .dependency-cruiser.mjs.

const refused = (selector, message) => ({ selector, message })

const NO_EFFECTS = [
  refused("NewExpression[callee.name='Date'][arguments.length=0]", 'Take time from Clock.'),
  refused('ExportDefaultDeclaration', 'Named exports only.'),
]

const STORE =
  "[callee.property.name=/^(put|delete|copyFrom)$/]:matches([callee.object.property.name='store'], [callee.object.name='store'])"

const UPLOADS =
  "[callee.property.name=/^(begin|copyPart|sendPart|complete|abort)$/]:matches([callee.object.property.name='uploads'], [callee.object.name='uploads'])"

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
      // What the formatter cannot break: comments and texts.
      'max-len': ['error', { code: 120, ignoreRegExpLiterals: true, ignoreUrls: true }],
    },
  },
  {
    files: ['lib/**/*.ts'],
    ignores: ['lib/sys/**', 'lib/launch/**', 'lib/settings/config.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        {
          name: 'process',
          message: 'Read the environment in lib/settings/config.ts; only lib/launch/start.ts knows the process.',
        },
        { name: 'setTimeout', message: 'Sleep through Clock.' },
        { name: 'console', message: 'Print through Output.' },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take time from Clock.' },
        { object: 'Math', property: 'random', message: 'Take randomness from Random.' },
      ],
      'no-restricted-syntax': ['error', ...NO_EFFECTS],
    },
  },
  {
    // Every write of an object in the bucket, and every deletion, lies in one folder. (For one rule a later match
    // replaces an earlier one.)
    files: ['lib/{cli,commands,ui,disk,protocol}/**/*.ts'],
    ignores: ['lib/protocol/write/**'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...NO_EFFECTS,
        ...[STORE, UPLOADS].map((calls) =>
          refused(`CallExpression${calls}`, 'Objects are written and deleted in lib/protocol/write/ alone.'),
        ),
      ],
    },
  },
  {
    files: ['test/**/*.ts', 'scripts/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/no-floating-promises': 'error' },
  },
  {
    // Titles, and documents as they come.
    files: ['test/**/*.ts'],
    rules: {
      'max-len': [
        'error',
        { code: 120, ignoreRegExpLiterals: true, ignoreUrls: true, ignoreStrings: true, ignoreTemplateLiterals: true },
      ],
    },
  },
)
