"""Reports for agents, by the Model Context Protocol: four tools that read nothing outside one folder.

root.py        which paths are inside the folder
tools.py       what the tools answer
comparing.py   and of two slices of a report
server.py      the tools as a server on standard input and output (extra: mcp)
"""
