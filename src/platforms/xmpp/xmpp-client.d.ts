/** What is used of @xmpp/client, which comes without types. */
declare module '@xmpp/client' {
  export class Element {
    name: string;
    attrs: Record<string, string | undefined>;
    children: (Element | string)[];
    is(name: string, xmlns?: string): boolean;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildElements(): Element[];
    getChildText(name: string, xmlns?: string): string | null;
    getNS(): string | undefined;
    text(): string;
    toString(): string;
  }

  type Child = Element | string | undefined | readonly (Element | string | undefined)[];

  export function xml(
    name: string,
    attrs?: Readonly<Record<string, string | undefined>> | string | null,
    ...children: readonly Child[]
  ): Element;

  interface Socket {
    end(): void;
    destroy?(): void;
    readonly socket?: { destroy(): void } | null;
  }

  export interface Client {
    status: string;
    timeout: number;
    readonly socket: Socket | null;
    readonly reconnect: { stop(): void };
    readonly iqCaller: { request(stanza: Element, timeoutMs: number): Promise<Element> };
    isSecure(): boolean;
    start(): Promise<{ toString(): string }>;
    stop(): Promise<unknown>;
    send(stanza: Element): Promise<void>;
    on(event: 'error', listener: (error: Error) => void): this;
    on(event: 'stanza' | 'nonza', listener: (stanza: Element) => void): this;
    on(event: 'disconnect' | 'offline', listener: () => void): this;
  }

  type Authenticate = (
    credentials: { readonly username: string; readonly password: string },
    mechanism: string,
    userAgent: Element,
  ) => Promise<void>;

  export interface ClientOptions {
    readonly service: string;
    readonly domain: string;
    readonly resource: string;
    readonly username: string;
    readonly credentials: (
      authenticate: Authenticate,
      mechanisms: readonly string[],
      fast: unknown,
      entity: Client,
    ) => Promise<void>;
  }

  export function client(options: ClientOptions): Client;
}
