// The engine over TLS with an authority of one's own, and with each kind of credentials.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../config/config.ts'
import { readEngineCertificates } from '../../../config/engine-settings.ts'
import { selfSigned } from '../../../testing/certificate.ts'
import type { LogLine } from '../../line.ts'
import { type FakeCluster, optionsFor, startFakeCluster } from './cluster.testing.ts'
import { openDriver } from './driver.ts'
import type { OpenSearchOptions } from './options.ts'

const LINE: LogLine = {
  ...{ id: '0000000005abc', timestamp: 5, receivedAt: 5, level: 'info', message: 'hello', project: 'p', source: '' },
  ...{ host: '', group: '', tags: [], fingerprint: '', stack: '', traceId: '', spanId: '', attributes: { n: 5 } },
}
const PARTITION = '2026-11-21.3d.0'
const own = selfSigned()
const folder = mkdtempSync(join(tmpdir(), 'vakt-tls-'))
let cluster: FakeCluster

beforeAll(async () => {
  cluster = await startFakeCluster({ tls: own })
})
afterAll(() => {
  cluster.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Stores a line and searches for it; resolves with what was found. */
async function tryOut(urls: readonly string[], options: Partial<OpenSearchOptions>): Promise<unknown> {
  const driver = openDriver(optionsFor(urls, options))
  try {
    await driver.check()
    await driver.put([{ line: LINE, position: 5, partition: PARTITION }])
    await driver.refresh([PARTITION])
    const scope = { filter: { match_all: {} }, from: null, until: null, upTo: 9 }
    return await driver.page(scope, 'newest', null, 1, 1_000)
  } finally {
    await driver.close()
  }
}

describe('a cluster with TLS', () => {
  it('is trusted by the authority of LOG_ENGINE_CA', async () => {
    expect(await tryOut([cluster.url], { ca: own.cert })).toEqual({ answer: [LINE] })
  })

  it.each<[string, string | null, RegExp]>([
    ['no authority is set', null, /self-signed certificate/],
    ['another authority is set', selfSigned().cert, /cannot be reached \(.*(certificate|signature)/],
  ])('is not trusted when %s', async (_, ca, reason) => {
    await expect(tryOut([cluster.url], { ca })).rejects.toMatchObject({
      code: 'busy',
      message: expect.stringMatching(reason),
    })
  })

  it('is not trusted under a name that its certificate does not have', async () => {
    const elsewhere = await startFakeCluster({ tls: own, host: '127.0.0.2' })
    await expect(tryOut([elsewhere.url], { ca: own.cert })).rejects.toMatchObject({
      message: expect.stringContaining("does not match certificate's altnames"),
    })
    elsewhere.close()
  })
})

describe('credentials', () => {
  const basic = `Basic ${Buffer.from('vakt:pass:wörd').toString('base64')}`
  it.each<[string, string, Partial<OpenSearchOptions>]>([
    ['a user and a password', basic, { user: 'vakt', password: 'pass:wörd' }],
    ['an API key', 'ApiKey aWQ6a2V5', { apiKey: 'aWQ6a2V5' }],
    ['an API key beside a user', 'ApiKey aWQ6a2V5', { apiKey: 'aWQ6a2V5', user: 'vakt', password: 'p' }],
  ])('%s are sent with every request', async (_, authorization, options) => {
    const guarded = await startFakeCluster({ tls: own, authorization })
    expect(await tryOut([guarded.url], { ca: own.cert, ...options })).toEqual({ answer: [LINE] })
    expect(new Set(guarded.authorizations)).toEqual(new Set([authorization]))
    guarded.close()
  })

  it('that are wrong are refused without being repeated in the reason', async () => {
    const guarded = await startFakeCluster({ authorization: basic })
    const refused = await tryOut([guarded.url], { user: 'vakt', password: 'hush' }).catch(error => error as Error)
    expect(refused).toMatchObject({ code: 'busy', message: expect.stringContaining('401') })
    expect((refused as Error).message).not.toContain('hush')
    guarded.close()
  })
})

describe('LOG_ENGINE_CA', () => {
  const engineOf = (file: string) =>
    readConfig({ LOG_ENGINE: 'opensearch:https://a:9200', LOG_ENGINE_CA: file }).logEngine!

  it('is read as certificates', () => {
    const file = join(folder, 'ca.pem')
    writeFileSync(file, own.cert)
    expect(readEngineCertificates(engineOf(file))).toBe(own.cert)
  })

  it.each([
    ['is not there', () => join(folder, 'gone.pem'), 'cannot be read'],
    [
      'has no certificate',
      () => {
        const file = join(folder, 'key.pem')
        writeFileSync(file, own.key)
        return file
      },
      'has no certificate',
    ],
  ])('that %s is refused by name', (_, fileOf, reason) => {
    const file = fileOf()
    expect(() => readEngineCertificates(engineOf(file))).toThrow(new RegExp(`LOG_ENGINE_CA names ${file}.*${reason}`))
  })
})
