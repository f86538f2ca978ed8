// What each failure of Telegram means for a delivery: sent again, looked for, given up, or posted again.
import { GrammyError, HttpError } from 'grammy'
import { describe, expect, it } from 'vitest'
import { DeliveryError } from '../channel.ts'
import { deliveryError, isUnchanged, type Step } from './errors.ts'

const api = (code: number, description: string, parameters = {}) =>
  new GrammyError('failed', { ok: false, error_code: code, description, parameters }, 'sendMessage', {})
const lost = (code: string) =>
  new HttpError('failed', new Error('fetch failed', { cause: Object.assign(new Error(), { code }) }))
const kinds = (error: unknown) => (['post', 'edit'] as Step[]).map(step => deliveryError(error, step).code)

describe('an answer of Telegram', () => {
  it.each([
    [400, 'Bad Request: message is too long', ['invalid_form', 'invalid_form']],
    [413, 'Request Entity Too Large', ['invalid_form', 'invalid_form']],
    [400, 'Bad Request: chat not found', ['refused', 'refused']],
    [400, 'Bad Request: not enough rights to send text messages', ['refused', 'refused']],
    [400, 'Bad Request: PEER_ID_INVALID', ['refused', 'refused']],
    [403, 'Forbidden: bot was kicked from the group', ['refused', 'refused']],
    [402, 'Payment required', ['refused', 'refused']],
    [401, 'Unauthorized', ['unreachable', 'unreachable']],
    [404, 'Not Found', ['unreachable', 'unreachable']],
    [499, 'odd', ['refused', 'refused']],
    [500, 'Internal Server Error', ['unsure', 'unreachable']],
    [502, 'Bad Gateway', ['unsure', 'unreachable']],
    [400, 'Bad Request: message to edit not found', ['invalid_form', 'gone']],
    [400, "Bad Request: message can't be edited", ['invalid_form', 'gone']],
    [400, 'Bad Request: MESSAGE_ID_INVALID', ['invalid_form', 'gone']],
    [429, 'Too Many Requests', ['limited', 'limited']],
  ])('%i %s is %j to a post and an edit', (code, description, expected) => {
    expect(kinds(api(code, description))).toEqual(expected)
  })

  it.each([
    [{ retry_after: 7 }, 7_000],
    [{ retry_after: 0 }, 1_000],
    [{}, 5_000],
  ])('that limits with %j is waited for %i ms', (parameters, retryAfterMs) => {
    expect(deliveryError(api(429, 'Too Many Requests', parameters), 'post')).toMatchObject({ retryAfterMs })
  })

  it('says whether the message is still shown', () => {
    const shown = (description: string) => deliveryError(api(400, description), 'edit').isStillShown
    expect([shown("message can't be edited"), shown('message to edit not found')]).toEqual([true, false])
  })

  it('is quoted up to 200 characters', () => {
    expect(deliveryError(api(400, 'x'.repeat(201)), 'post').message).toBe(
      `Telegram refused the message: ${'x'.repeat(200)}.`,
    )
  })

  it('that nothing changed is no failure', () => {
    expect(isUnchanged(api(400, 'Bad Request: message is not modified'))).toBe(true)
    expect(isUnchanged(api(400, 'Bad Request: chat not found'))).toBe(false)
    expect(isUnchanged(new Error('message is not modified'))).toBe(false)
  })
})

describe('a connection', () => {
  it.each([
    ['that was refused sent nothing', lost('ECONNREFUSED'), ['unreachable', 'unreachable']],
    ['to an unknown name sent nothing', lost('ENOTFOUND'), ['unreachable', 'unreachable']],
    ['that took too long to open sent nothing', lost('UND_ERR_CONNECT_TIMEOUT'), ['unreachable', 'unreachable']],
    ['that broke may have sent it', lost('ECONNRESET'), ['unsure', 'unreachable']],
    ['of another error may have sent it', 'odd', ['unsure', 'unreachable']],
    [
      'without a wrapper is read alike',
      Object.assign(new Error('x'), { code: 'ENETUNREACH' }),
      ['unreachable', 'unreachable'],
    ],
  ])('%s', (_, error, expected) => expect(kinds(error)).toEqual(expected))

  it('whose failure is known stays as it is', () => {
    const error = new DeliveryError('refused', 'x')
    expect(deliveryError(error, 'post')).toBe(error)
  })
})
