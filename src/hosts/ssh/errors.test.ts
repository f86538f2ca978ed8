// Why a host cannot be reached: for each error one sentence with its remedy, for hosts that are stored and for new ones.
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Problem } from '../../problem.ts'
import { UNREGISTERED_HOST_ID } from '../host.ts'
import {
  changedHostKeyProblem,
  connectionLostProblem,
  connectProblem,
  connectTimeoutProblem,
  isAuthenticationFailure,
  isForwardFailure,
  isForwardProhibited,
} from './errors.ts'

const HOST = { id: 1, name: 'web-1', address: '10.0.0.7', port: 2222, user: 'deploy', auth: 'own' as const }
const failure = (message: string, more: object = {}) => Object.assign(new Error(message), more)

const ERRORS = [
  failure('x', { code: 'ENOTFOUND' }),
  failure('x', { code: 'EAI_AGAIN' }),
  failure('x', { code: 'ECONNREFUSED' }),
  failure('x', { code: 'EHOSTUNREACH' }),
  failure('x', { code: 'ENETUNREACH' }),
  failure('x', { level: 'agent' }),
  failure('Connection lost before handshake'),
  failure('Handshake failed: no matching key exchange algorithm'),
  failure('x', { level: 'handshake' }),
  failure('(SSH) Channel open failure: open failed'),
  failure('unable to forward'),
  failure(`a long\n  story ${'x'.repeat(300)}`),
]

// After a change of a sentence: `npx vitest run src/hosts/ssh -u`, then read the difference.
it('every error is explained, with what to do', async () => {
  const explained = ERRORS.flatMap(error => {
    const stored = connectProblem(HOST, error)
    expect([stored.code, stored.cause]).toEqual(['busy', error])
    return [stored.message, connectProblem({ ...HOST, id: UNREGISTERED_HOST_ID }, error).message]
  })
  const refused = (['own', 'key', 'password', 'agent'] as const).map(auth => {
    const problem = connectProblem({ ...HOST, auth }, failure('x', { level: 'client-authentication' }))
    expect(isAuthenticationFailure(problem)).toBe(true)
    return problem.message
  })
  const others = [
    connectTimeoutProblem(HOST, 1_500),
    changedHostKeyProblem(HOST, 'SHA256:a', 'SHA256:b'),
    connectionLostProblem(HOST),
    connectionLostProblem(HOST, new Error('reset')),
  ]
  const sentences = [...explained, ...refused, ...others.map(({ message }) => message)]
  await expect(`${sentences.join('\n')}\n`).toMatchFileSnapshot(join(import.meta.dirname, 'errors.txt'))
})

it('a problem stays as it is', () => {
  const problem = new Problem('busy', 'as it is')
  expect(connectProblem(HOST, problem)).toBe(problem)
  expect(connectionLostProblem(HOST, problem)).toBe(problem)
  expect(isAuthenticationFailure(problem)).toBe(false)
})

it.each([
  [failure('open failed'), true, true],
  [failure('open failed', { reason: 1 }), true, true],
  [failure('open failed', { reason: 2 }), true, false],
  [failure('open failed', { level: 'client-socket' }), false, false],
  [failure('no'), false, false],
])('%s of a jump host is a failure (%s), and a prohibited one (%s)', (error, isFailure, isProhibited) => {
  for (const shown of [error, new Problem('busy', 'x', { cause: error })]) {
    expect(isForwardFailure(shown)).toBe(isFailure)
    expect(isForwardProhibited(shown)).toBe(isProhibited)
  }
})
