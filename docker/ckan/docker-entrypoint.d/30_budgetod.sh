#!/bin/bash
# Sourced by the base image before the web process starts: bring every table up to date.
for plugin in activity harvest budgetod; do
    if [[ " $CKAN__PLUGINS " == *" $plugin "* ]]; then
        echo "[budgetod] migrations of $plugin"
        ckan -c "$CKAN_INI" db upgrade -p "$plugin" || exit 1
    fi
done
