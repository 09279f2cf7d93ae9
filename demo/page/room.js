/**
 * Signs the visitor in with Converse.js and opens the room.
 * @param onPicture told of each message with a picture, once the room has given it an id: `{ id, url }`
 * @returns `share(file)`: uploads a file and posts it, as the client does it for its user
 */
export async function openRoom({ room, account, password, nick, websocket }, onPicture) {
  const { converse } = window;
  const told = new Set();
  const opened = new Promise((resolve) => {
    converse.plugins.add('vigie-demo', {
      initialize() {
        const { api } = this._converse;
        api.listen.on('roomsAutoJoined', async () => {
          const model = await api.rooms.get(room);
          const look = (message) => {
            const id = message.get(`stanza_id ${room}`);
            const url = message.get('oob_url');
            if (id === undefined || url === undefined || told.has(id)) return;
            told.add(id);
            onPicture({ id, url });
          };
          model.messages.on('add', look);
          model.messages.on('change', look);
          for (const message of model.messages.models) look(message);
          resolve({ share: (file) => model.sendFiles([file]) });
        });
      },
    });
  });
  await converse.initialize({
    ...{ jid: account, password, nickname: nick, websocket_url: websocket },
    ...{ authentication: 'login', auto_login: true, discover_connection_methods: false, keepalive: false },
    ...{ view_mode: 'embedded', singleton: true, auto_join_rooms: [{ jid: room, nick }] },
    ...{ whitelisted_plugins: ['vigie-demo'], blacklisted_plugins: ['converse-omemo', 'converse-register'] },
    ...{ theme: 'classic', dark_theme: 'dracula', assets_path: '/converse/', i18n: 'en', loglevel: 'error' },
    ...{ clear_cache_on_logout: true, persistent_store: 'sessionStorage', show_background: false },
    ...{ play_sounds: false, show_desktop_notifications: false, send_chat_states: [], auto_focus: false },
    ...{ hide_muc_participants: true, muc_fetch_members: false, enable_smacks: false, allow_url_history_change: false },
  });
  return await opened;
}
