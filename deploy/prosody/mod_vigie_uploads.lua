-- Takes uploads of mod_http_file_share down, by their address, for the accounts that are allowed to.
-- Copyright the Vigie contributors. Apache-2.0.
--
-- Belongs on the component of http_file_share:
--
--     Component "upload.example.org" "http_file_share"
--         modules_enabled = { "vigie_uploads" }
--         vigie_uploads_access = { "vigie@example.org" }
--
-- An iq of type get with <uploads xmlns="urn:vigie:uploads:1"/> tells under which address the uploads lie.
-- An iq of type set with <remove xmlns="urn:vigie:uploads:1" url="…"/> takes one down. It is answered once the file is
-- gone: with <removed/>, or with <removed already="true"/> when it had been taken down before.

local jid = require "util.jid";
local st = require "util.stanza";
local socket_url = require "socket.url";
local server = require "net.http.server";
local dm = require "core.storagemanager".olddm;
local ENOENT = require "util.pposix".ENOENT;

local xmlns = "urn:vigie:uploads:1";
-- How mod_http_file_share calls itself, as the module beside us whose files these are.
local owner = "http_file_share";
local app = "file_share";

local allowed = module:get_option_set("vigie_uploads_access", {});
local expiry = module:get_option_number(owner .. "_expires_after", 7 * 86400);
local uploads = module:open_store("uploads", "archive");
-- slot → when it was taken down: in memory, and written at every change
local store = module:open_store("vigie_removed_uploads", "keyval");
local removed = assert(store:get("removed") or {});

if module:get_option_string(owner .. "_base_url") then
	module:log_status("error", "The uploads lie on another server: %s_base_url is set", owner);
	return;
end

module:depends("http");
module:depends("disco");
module:add_feature(xmlns);

local function base_url()
	local base = module:http_url(app, "/" .. app);
	return base:sub(-1) == "/" and base or base .. "/";
end

local function slot_of(text)
	local base = base_url();
	if type(text) ~= "string" or text:sub(1, #base) ~= base then return nil; end
	local path = text:sub(#base + 1):match("^[^?#]*");
	-- Exactly what mod_http_file_share makes slots of; nothing else may become a part of a path.
	return path:match("^([%w_-]+)/") or path:match("^([%w_-]+)$");
end

local function may(stanza)
	return allowed:contains(jid.bare(stanza.attr.from));
end

module:hook("iq-get/host/" .. xmlns .. ":uploads", function (event)
	local stanza, origin = event.stanza, event.origin;
	if not may(stanza) then
		origin.send(st.error_reply(stanza, "auth", "forbidden"));
		return true;
	end
	origin.send(st.reply(stanza):tag("uploads", { xmlns = xmlns, base = base_url() }));
	return true;
end);

module:hook("iq-set/host/" .. xmlns .. ":remove", function (event)
	local stanza, origin = event.stanza, event.origin;
	if not may(stanza) then
		origin.send(st.error_reply(stanza, "auth", "forbidden"));
		return true;
	end
	local slot = slot_of(stanza.tags[1].attr.url);
	if not slot then
		origin.send(st.error_reply(stanza, "modify", "bad-request", "Not the address of an upload here"));
		return true;
	end
	local before = removed[slot];
	if before == nil then
		-- Only what was ever given out is noted, so that nobody can fill the store by guessing.
		local known, get_err = uploads:get(nil, slot);
		if not known then
			local absent = get_err == "item-not-found" or get_err == nil;
			origin.send(st.error_reply(stanza, absent and "cancel" or "wait",
				absent and "item-not-found" or "internal-server-error"));
			return true;
		end
		-- Noted first: from here on nothing is given out or put there again, whatever happens to the file.
		removed[slot] = os.time();
		if not store:set("removed", removed) then
			removed[slot] = nil;
			origin.send(st.error_reply(stanza, "wait", "internal-server-error"));
			return true;
		end
	end
	local filename = dm.getpath(slot, module.host, owner, "bin");
	local deleted, err, errno = os.remove(filename);
	if not deleted and errno ~= ENOENT then
		module:log("error", "Could not remove the file of an upload: %s", err);
		origin.send(st.error_reply(stanza, "wait", "internal-server-error"));
		return true;
	end
	os.remove(filename .. "~");
	uploads:delete(nil, { key = slot });
	module:log("info", "An upload was taken down for %s", jid.bare(stanza.attr.from));
	origin.send(st.reply(stanza):tag("removed", { xmlns = xmlns, already = before ~= nil and "true" or nil }));
	return true;
end);

-- Whoever was given a slot may use it for some minutes, also again once the file is gone, and mod_http_file_share
-- remembers files that it served lately: both are answered here, before it is asked.
local http_host = module:get_option_string("http_host", module.host);
local base_path = socket_url.parse(module:http_url(app, "/" .. app)).path or "/";
local local_path = (module:get_option("http_paths", {})[app] or "/" .. app):gsub("%$(%w+)", { host = module.host });
for _, path in ipairs({ base_path, local_path }) do
	local prefix = path:sub(-1) == "/" and path or path .. "/";
	for _, method in ipairs({ "GET", "HEAD", "PUT" }) do
		module:hook_object_event(server, method .. " " .. http_host .. prefix .. "*", function (event)
			local slot = event.request.path:sub(#prefix + 1):match("^([%w_-]+)");
			if slot and removed[slot] then return 410; end
		end, 100);
	end
	if base_path == local_path then break; end
end

-- What was taken down is forgotten once its slot would have expired anyway.
if expiry >= 0 then
	module:daily("Forget uploads that were taken down long ago", function ()
		local kept = {};
		for slot, at in pairs(removed) do
			if at > os.time() - expiry - 86400 then kept[slot] = at; end
		end
		if store:set("removed", kept) then removed = kept; end
	end);
end
