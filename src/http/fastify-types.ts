import type { Principal } from '../access/principal.js';
import type { Scope } from '../access/scopes.js';

declare module 'fastify' {
  interface FastifyRequest {
    principal?: Principal;
  }
  interface FastifyContextConfig {
    scope?: Scope | 'public';
  }
}
