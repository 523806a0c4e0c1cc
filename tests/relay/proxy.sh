#!/bin/bash
# A web proxy of others: Apache with mod_proxy_connect, on loopback. Ends with its parent.
#
# proxy.sh FOLDER PORT ALLOWED_PORT [USER]
#
# CONNECT is allowed to ALLOWED_PORT alone; with USER only for that account, whose password
# is in FOLDER/password.
set -eu
folder=$1 port=$2 allowed=$3 user=${4-}
cd "$folder"
chmod 711 . # its processes give up the rights of the superuser
require="Require all granted"
if [ -n "$user" ]; then
    printf '%s:%s\n' "$user" "$(openssl passwd -apr1 -stdin < password)" > users
    chmod 644 users
    require="AuthType Basic
  AuthName proxy
  AuthBasicProvider file
  AuthUserFile $folder/users
  Require user $user"
fi
modules=/usr/lib/apache2/modules
cat > apache.conf <<END
ServerName localhost
ServerRoot $folder
PidFile $folder/apache.pid
Listen 127.0.0.1:$port
ErrorLog $folder/error.log
CustomLog $folder/access.log "%>s %m %U %u"
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authn_core_module $modules/mod_authn_core.so
LoadModule authn_file_module $modules/mod_authn_file.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule authz_user_module $modules/mod_authz_user.so
LoadModule auth_basic_module $modules/mod_auth_basic.so
LoadModule proxy_module $modules/mod_proxy.so
LoadModule proxy_connect_module $modules/mod_proxy_connect.so
User www-data
Group www-data
Mutex pthread
StartServers 1
ProxyRequests On
AllowCONNECT $allowed
<Proxy "*">
  $require
</Proxy>
END
exec /usr/sbin/apache2 -f "$folder/apache.conf" -DFOREGROUND
