// Private keys that people give, and the line that allows Vakt's own.
import ssh2 from 'ssh2'
import { expect, it } from 'vitest'
import { generateKeyPair, refusePrivateKey, writeInstallCommand } from './own-key.ts'

const NO_KEY = 'This is not a private key in OpenSSH or PEM format.'
const LOCKED = 'The passphrase does not open this private key.'

it('a private key is taken with its passphrase only', () => {
  const plain = generateKeyPair()
  const locked = ssh2.utils.generateKeyPairSync('ecdsa', {
    bits: 256,
    passphrase: 'open',
    cipher: 'aes256-cbc',
    rounds: 1,
  })
  expect(() => refusePrivateKey(plain.privateKey, undefined)).not.toThrow()
  expect(() => refusePrivateKey(locked.private, 'open')).not.toThrow()
  expect(() => refusePrivateKey(locked.private, 'wrong')).toThrow(LOCKED)
  expect(() => refusePrivateKey(locked.private, undefined)).toThrow(LOCKED)
  expect(() => refusePrivateKey(plain.publicKey, undefined)).toThrow(NO_KEY)
  expect(() => refusePrivateKey('nonsense', undefined)).toThrow(NO_KEY)
})

it('only the key of a jump host may forward', () => {
  expect(writeInstallCommand('ssh-ed25519 AAAA vakt', false)).toContain("echo 'restrict ssh-ed25519 AAAA vakt' >>")
  expect(writeInstallCommand('ssh-ed25519 AAAA vakt', true)).toContain("'restrict,port-forwarding ssh-ed25519")
})
