import {
  createContext,
  createElement,
  type FunctionComponent,
  type ReactNode,
  useContext,
  useMemo,
  useSyncExternalStore
} from 'react'
import type { PosternClient, SessionState } from '../client/client.js'

/** What {@link usePostern} returns. */
export type Postern = {
  readonly client: PosternClient
  readonly state: SessionState
  /** The id of the account that is signed in. */
  readonly userId: string | null
}

const ClientContext = createContext<PosternClient | null>(null)

/** Makes a client available to the components below. */
export const PosternProvider: FunctionComponent<{
  readonly client: PosternClient
  readonly children?: ReactNode
}> = ({ client, children }) => createElement(ClientContext.Provider, { value: client }, children)

/** The client, and who is signed in. Renders again when that changes, in any tab. */
export function usePostern(): Postern {
  const client = useContext(ClientContext)
  if (client === null) throw new Error('usePostern needs a PosternProvider above it.')
  const state = useSyncExternalStore(
    client.subscribe,
    () => client.state,
    () => 'unknown' as const
  )
  const userId = useSyncExternalStore(
    client.subscribe,
    () => client.userId,
    () => null
  )
  return useMemo(() => ({ client, state, userId }), [client, state, userId])
}
