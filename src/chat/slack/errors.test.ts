// What each failure of Slack means for a delivery: sent again, looked for, given up, or posted again.
import { webApi } from '@slack/bolt'
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../channel.ts'
import { codeSentence, deliveryError, isCredentialError, type Step } from './errors.ts'

const coded = (error: string, more = {}) => new webApi.WebAPIPlatformError({ ok: false, error, ...more } as never)
const network = (original: Error) => new webApi.WebAPIRequestError(original)
const withCode = (code: string) => Object.assign(new Error('x'), { code })
const of = (error: unknown, step: Step = 'post') => deliveryError(error, step, '#ops')
const kinds = (error: unknown) => (['post', 'edit', 'find'] as Step[]).map(step => of(error, step).code)
const always = (kind: string) => [kind, kind, kind]
const UNCLEAR = ['unsure', 'unreachable', 'unreachable']

describe('an error code', () => {
  it.each([
    ['not_in_channel', always('refused')],
    ['invalid_auth', always('refused')],
    ['some_new_code', always('refused')],
    ['message_not_found', always('gone')],
    ['thread_not_found', always('gone')],
    ['edit_window_closed', always('gone')],
    ['ratelimited', always('limited')],
    ['message_limit_exceeded', always('limited')],
    ['invalid_blocks', always('invalid_form')],
    ['msg_too_long', always('invalid_form')],
    ['internal_error', UNCLEAR],
    ['request_timeout', UNCLEAR],
  ])('%s is %j to a post, an edit and a search', (code, expected) => expect(kinds(coded(code))).toEqual(expected))

  it.each([
    ['cant_update_message', true],
    ['edit_window_closed', true],
    ['message_not_found', false],
    ['thread_not_found', false],
  ])('%s: the message is still shown: %s', (code, isStillShown) => {
    expect(of(coded(code), 'edit')).toMatchObject({ isStillShown })
  })

  it.each([
    ['is_archived', undefined, 'The channel #ops is archived.'],
    ['missing_scope', 'chat:write', 'The Slack app lacks the scope chat:write:'],
    ['missing_scope', undefined, 'The Slack app lacks the scope :'],
    ['token_revoked', undefined, 'Slack refuses the token (token_revoked):'],
    ['odd', undefined, 'Slack refused the request (odd).'],
  ])('%s with %s is a sentence', (code, needed, sentence) => {
    expect(codeSentence(code, '#ops', needed)).toContain(sentence)
    expect(isCredentialError(code)).toBe(code === 'token_revoked')
  })

  it('about the form is quoted with its reasons, up to 300 characters', () => {
    const error = (messages?: string[]) => of(coded('invalid_blocks', { response_metadata: { messages } })).message
    expect(error()).toBe('Slack refused the message for its form (invalid_blocks).')
    expect(error(['a', 'b'])).toBe('Slack refused the message for its form (invalid_blocks; a; b).')
    expect(error(['x'.repeat(400)])).toBe(
      `Slack refused the message for its form (invalid_blocks; ${'x'.repeat(284)}).`,
    )
  })
})

describe('a limit', () => {
  it.each<[string, unknown, number]>([
    ['with a time', new webApi.WebAPIRateLimitedError(7), 7_000],
    ['without any', new webApi.WebAPIRateLimitedError(0), 1_000],
    ['as a code', coded('ratelimited'), 30_000],
    ['whose time cannot be read', new Error('Retry header did not contain a valid timeout.'), 10_000],
  ])('%s is waited for, by posts and edits apart', (_, error, retryAfterMs) => {
    const seen = (['post', 'edit', 'find'] as Step[]).map(step => {
      const { code: kind, retryAfterMs: wait, scope } = of(error, step) as DeliveryError & { scope?: string }
      return [kind, wait, scope]
    })
    expect(seen).toEqual(['post', 'edit', 'post'].map(scope => ['limited', retryAfterMs, scope]))
  })
})

describe('a connection', () => {
  it.each<[string, unknown, string[]]>([
    ['that was refused', network(withCode('ECONNREFUSED')), always('unreachable')],
    ['to an unknown name', network(new Error('x', { cause: withCode('ENOTFOUND') })), always('unreachable')],
    [
      'to several addresses',
      network(new Error('x', { cause: new AggregateError([withCode('EHOSTUNREACH')]) })),
      always('unreachable'),
    ],
    ['with a wrong certificate', network(withCode('CERT_HAS_EXPIRED')), always('unreachable')],
    ['that broke', network(withCode('ECONNRESET')), UNCLEAR],
    ['without a code', network(new Error('x')), UNCLEAR],
    ['that took too long', network(Object.assign(new Error('x'), { name: 'TimeoutError' })), UNCLEAR],
    ['of another error', 'odd', UNCLEAR],
  ])('%s', (_, error, expected) => expect(kinds(error)).toEqual(expected))

  it.each([
    [413, always('invalid_form')],
    [403, always('unreachable')],
    [499, always('unreachable')],
    [500, UNCLEAR],
    [503, UNCLEAR],
  ])('that answers %i', (status, expected) => {
    const error = new webApi.WebAPIHTTPError(status, '', {})
    expect(kinds(error)).toEqual(expected)
  })

  it('whose failure is known stays as it is', () => {
    const error = new DeliveryError('refused', 'x')
    expect(of(error)).toBe(error)
  })
})
