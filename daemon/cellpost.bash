# SPDX-License-Identifier: GPL-3.0-or-later
# Completion of cellpost(1) for bash: commands, their options, configuration files, handsets and what can be shown.

# The words that the running gateway knows after `show ...`; nothing where none runs.
_cellpost_show_words() {
	timeout 2 cellpost show "$@" '?' 2>/dev/null | awk '/^  [a-z]/ { print $1 }'
}

_cellpost_handsets() {
	timeout 2 cellpost show handsets 2>/dev/null | grep -o '+[0-9]\{3,\}'
}

_cellpost() {
	local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
	local message='--from --link --flash --validity --at --file --bearer --consent --max-price --quote --report --json --url --account --token --authorities'
	local words=''
	COMPREPLY=()

	if [ "$COMP_CWORD" -eq 1 ]; then
		words='send quote explain message show vty phone config secret sms doctor version help'
		COMPREPLY=($(compgen -W "$words" -- "$current"))
		return
	fi
	case $previous in
	--url | --account | --token | --from | --to | --link | --validity | --at | --key | --vty | --lab | --wait | --languages | --max-price | --quote)
		return ;;
	--authorities | --file)
		COMPREPLY=($(compgen -f -- "$current"))
		return ;;
	--bearer) words='rcs sms any' ;;
	--consent) words='never ask not-when-roaming always' ;;
	--as) words='deliver submit status-report command deliver-report submit-report rp modem udh' ;;
	--alphabet) words='any gsm ucs2' ;;
	--reference) words='8 16 sar' ;;
	esac
	if [ -n "$words" ]; then
		COMPREPLY=($(compgen -W "$words" -- "$current"))
		return
	fi
	case $command in
	send) words="$message --key" ;;
	quote | explain) words=$message ;;
	message | vty) words='--vty' ;;
	show)
		if [ "${current#-}" != "$current" ]; then
			words='--vty'
		else
			words=$(_cellpost_show_words "${COMP_WORDS[@]:2:COMP_CWORD-2}")
		fi ;;
	phone)
		words="--lab --wait"
		[ "${current#-}" != "$current" ] || words=$(_cellpost_handsets) ;;
	config)
		if [ "$COMP_CWORD" -eq 2 ]; then
			words='check show reference'
		elif [ "${current#-}" != "$current" ]; then
			[ "${COMP_WORDS[2]}" = show ] && words='--set'
			[ "${COMP_WORDS[2]}" = reference ] && words='--mdoc'
		elif [ "${COMP_WORDS[2]}" != reference ]; then
			COMPREPLY=($(compgen -f -- "$current"))
			return
		fi ;;
	secret) words='--password' ;;
	sms)
		if [ "$COMP_CWORD" -eq 2 ]; then
			words='decode encode'
		elif [ "${COMP_WORDS[2]}" = decode ]; then
			words='--as'
		else
			words='--to --from --languages --alphabet --reference --transliterate'
		fi ;;
	doctor)
		words='--vty --url'
		if [ "${current#-}" = "$current" ]; then
			COMPREPLY=($(compgen -f -- "$current"))
			return
		fi ;;
	help) words='send quote explain message show vty phone config secret sms doctor version help' ;;
	esac
	COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _cellpost cellpost
