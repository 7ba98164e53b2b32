"""What of ours runs inside a sandbox, standard library only: it is bound in and imported as ``within``.

`launch` makes a process that bubblewrap has just started harmless and becomes the program; `warm` is the process that
forks workers; `relay` carries the channel through a container's standard input and output. Nothing here is secret.
"""
