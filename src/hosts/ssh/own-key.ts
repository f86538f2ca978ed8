// Vakt's own SSH key pair: generated on first use, and stored encrypted in the state.
import { createRequire } from 'node:module'
import { invalid } from '../../problem.ts'
import type { Vault } from '../../projects/vault.ts'
import type { State } from '../../state/database.ts'
import { readValue, writeValue } from '../../state/key-value.ts'

// Loaded on first use: it takes 0.1 s, and installations without hosts do not need it.
const require = createRequire(import.meta.url)
const ssh2 = (): typeof import('ssh2') => require('ssh2')

export type SshKeyPair = {
  /** In OpenSSH format. */
  privateKey: string
  /** One line of authorized_keys: `ssh-ed25519 AAAA… vakt`. */
  publicKey: string
}

/** Loads Vakt's Ed25519 key pair (RFC 8709); the first call generates it. Throws `internal` when the vault key differs. */
export function loadOrCreateOwnKey(state: State, vault: Vault): SshKeyPair {
  return state.transaction(() => {
    const stored = readValue(state, 'ssh key')
    if (stored !== null) return JSON.parse(vault.open(Buffer.from(stored, 'base64'))) as SshKeyPair
    const key = generateKeyPair()
    writeValue(state, 'ssh key', vault.seal(JSON.stringify(key)).toString('base64'))
    return key
  })
}

/** Generates an Ed25519 key pair. The SDK cannot read one in a few hundred of its own keys, so each is parsed first. */
export function generateKeyPair(): SshKeyPair {
  for (;;) {
    const { private: privateKey, public: publicKey } = ssh2().utils.generateKeyPairSync('ed25519', { comment: 'vakt' })
    if (!(ssh2().utils.parseKey(privateKey) instanceof Error)) return { privateKey, publicKey }
  }
}

/**
 * The shell line that allows Vakt's key on a host, to be run there as the user that Vakt signs in as. The key may only run
 * commands (`restrict`, sshd(8)); a jump host also needs `isJumpHost`, which allows port forwarding.
 */
export function writeInstallCommand(publicKey: string, isJumpHost: boolean): string {
  const entry = `restrict${isJumpHost ? ',port-forwarding' : ''} ${publicKey}`
  return `mkdir -p -m 700 ~/.ssh && echo '${entry}' >> ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys`
}

/** Throws `invalid` on the field `key` unless the text is a private key that the passphrase opens. */
export function refusePrivateKey(text: string, passphrase: string | undefined): void {
  const parsed = ssh2().utils.parseKey(text, passphrase)
  if (!(parsed instanceof Error) && (Array.isArray(parsed) ? parsed[0] : parsed)?.isPrivateKey()) return
  const isLocked = parsed instanceof Error && /passphrase|decrypt|integrity/i.test(parsed.message)
  throw invalid(
    'key',
    isLocked
      ? 'The passphrase does not open this private key. Correct --passphrase.'
      : 'This is not a private key in OpenSSH or PEM format. Paste all its lines, from -----BEGIN to -----END.',
  )
}
