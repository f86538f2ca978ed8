import { expect, it } from 'vitest'
import { deliveryError } from './errors.ts'

it.each([
  ['EAUTH', {}, 'refused', 'does not accept the user and password'],
  ['EENVELOPE', { responseCode: 400 }, 'unreachable', 'try again later (400)'],
  ['EENVELOPE', { responseCode: 499 }, 'unreachable', 'try again later (499)'],
  ['EENVELOPE', { responseCode: 500 }, 'refused', 'refused the mail (500)'],
  ['EMESSAGE', { responseCode: 500, response: '500 5.6.0' }, 'invalid_form', 'size or content (500)'],
  ['EMESSAGE', { responseCode: 552 }, 'invalid_form', 'size or content (552)'],
  ['EMESSAGE', { responseCode: 554, response: '554 5.6.0 bad content' }, 'invalid_form', 'size or content (554)'],
  ['EMESSAGE', { responseCode: 452, response: '452 5.6.0' }, 'unreachable', 'try again later (452)'],
  ['EMESSAGE', { responseCode: 553, response: '553 5.1.3 bad address' }, 'refused', 'refused the mail (553)'],
  ['EDNS', {}, 'unreachable', 'cannot be reached (EDNS)'],
  ['ECONNREFUSED', {}, 'unreachable', 'cannot be reached (ECONNREFUSED)'],
  ['ETIMEDOUT', { command: 'CONN' }, 'unreachable', 'cannot be reached (ETIMEDOUT)'],
  // The mail may have been taken.
  ['ETIMEDOUT', { command: 'DATA' }, 'unsure', 'was lost (ETIMEDOUT)'],
  ['ECONNRESET', { command: 'CONN' }, 'unsure', 'was lost (ECONNRESET)'],
  [undefined, {}, 'unsure', 'was lost (no reason given)'],
] as const)('%s with %j counts as %s', (code, details, expected, text) => {
  const error = deliveryError(Object.assign(new Error('x'), { ...(code ? { code } : {}), ...details }))
  expect([error.code, error.message]).toEqual([expected, expect.stringContaining(text)])
})
