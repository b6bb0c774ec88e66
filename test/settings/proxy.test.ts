import assert from 'node:assert/strict'
import { proxyFor, proxyVariables } from '../../lib/settings/proxy.ts'

const PROXY = 'http://proxy.corp:3128'

const CASES: readonly (readonly [url: string, env: Readonly<Record<string, string>>, proxy: string])[] = [
  ['https://s3.eu-west-1.amazonaws.com/b/k', { HTTPS_PROXY: PROXY }, PROXY],
  ['https://h.test', { https_proxy: PROXY }, PROXY],
  ['https://h.test', { HTTPS_PROXY: PROXY, https_proxy: 'http://other' }, PROXY],
  ['https://h.test', { HTTP_PROXY: PROXY }, ''],
  ['http://h.test', { HTTP_PROXY: PROXY }, PROXY],
  ['http://h.test', { HTTPS_PROXY: PROXY }, ''],
  ['https://h.test', { HTTPS_PROXY: 'proxy.corp:3128' }, PROXY],
  ['https://h.test', { HTTPS_PROXY: 'socks5://127.0.0.1:1080' }, 'socks5://127.0.0.1:1080'],
  ['https://127.0.0.1:9000', { HTTPS_PROXY: PROXY }, ''],
  ['https://localhost', { HTTPS_PROXY: PROXY }, ''],
  ['https://[::1]:9000', { HTTPS_PROXY: PROXY }, ''],
  ['https://h.test', { HTTPS_PROXY: PROXY, NO_PROXY: '*' }, ''],
  ['https://h.test', { HTTPS_PROXY: PROXY, NO_PROXY: 'a.test, h.test' }, ''],
  ['https://h.test', { HTTPS_PROXY: PROXY, no_proxy: 'H.TEST' }, ''],
  ['https://x.h.test', { HTTPS_PROXY: PROXY, NO_PROXY: 'h.test' }, ''],
  ['https://xh.test', { HTTPS_PROXY: PROXY, NO_PROXY: 'h.test' }, PROXY],
  ['https://x.h.test', { HTTPS_PROXY: PROXY, NO_PROXY: '.h.test' }, ''],
  ['https://h.test', { HTTPS_PROXY: PROXY, NO_PROXY: '.h.test' }, PROXY],
  ['https://x.h.test', { HTTPS_PROXY: PROXY, NO_PROXY: '*.h.test' }, ''],
  ['https://h.test:9000', { HTTPS_PROXY: PROXY, NO_PROXY: 'h.test:9000' }, ''],
  ['https://h.test:9001', { HTTPS_PROXY: PROXY, NO_PROXY: 'h.test:9000' }, PROXY],
  ['https://h.test', { HTTPS_PROXY: PROXY, NO_PROXY: 'h.test:443' }, ''],
  ['https://10.1.2.3', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8' }, ''],
  ['https://11.1.2.3', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/8' }, PROXY],
  ['https://10.1.2.3', { HTTPS_PROXY: PROXY, NO_PROXY: '10.1.2.3' }, ''],
  ['https://[fd00::5]', { HTTPS_PROXY: PROXY, NO_PROXY: 'fd00::/8' }, ''],
  ['https://[fd00::5]', { HTTPS_PROXY: PROXY, NO_PROXY: 'fd00::5' }, ''],
  ['https://[fd00::5]:9000', { HTTPS_PROXY: PROXY, NO_PROXY: '[fd00::5]:9000' }, ''],
  ['https://h.test', { HTTPS_PROXY: PROXY, NO_PROXY: '10.0.0.0/99,h/8,,' }, PROXY],
]

describe('the proxy of a URL', () => {
  for (const [url, env, proxy] of CASES) {
    it(`is ${proxy || 'none'} for ${url} with ${JSON.stringify(env)}`, () => {
      const variables = proxyVariables(env)
      assert.ok(variables)
      assert.equal(proxyFor(url, variables), proxy)
    })
  }

  it('is not looked for when no variable names one', () => {
    assert.equal(proxyVariables({ NO_PROXY: 'x', HTTPS_PROXY: '', ALL_PROXY: PROXY }), undefined)
  })

  it('has to be a URL; an invalid value is not shown, because it may hold a password', () => {
    for (const HTTPS_PROXY of ['pac+http://me:hidden@h/x.js', 'http://me:hidden@', 'ftp://me:hidden@h']) {
      const variables = proxyVariables({ HTTPS_PROXY })
      assert.ok(variables)
      assert.throws(() => proxyFor('https://h.test', variables), {
        code: 'invalid-config',
        message: 'HTTPS_PROXY is not the URL of a proxy',
      })
    }
  })
})
